#pragma once
// server/run/adoption.h — taking over an older registry's directory before anything is served from
// it.

#include "base/context.h"
#include "base/result.h"
#include "server/options/options.h"
#include "server/run/opened_stores.h"

namespace entrepot::server {

// Indexes what the distribution registry left in the data directory, if it left anything; on
// success all of it can be served. Shows how far it is on standard error. Cancelled, and the errors
// of the stores: the next call goes on where it was.
Result<void> adopt_if_needed(Context& context, const Options& options, OpenedStores& stores);

}  // namespace entrepot::server
