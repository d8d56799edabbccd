#pragma once
// audit/keeper.h — the job that keeps the record.

#include <chrono>

#include "audit/sign_ins.h"
#include "jobs/runner.h"

namespace entrepot::audit {

// Each second: the sign-ins that wait become records, and what is new is sealed, by one of the
// processes that share the store. Where nothing is new, nothing is written. All of it outlives the
// runner.
jobs::Kind keeper_kind(SignIns& sign_ins, meta::Store& store, const Clock& clock);

}  // namespace entrepot::audit
