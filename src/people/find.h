#pragma once
// people/find.h — accounts by what people type.

#include <string_view>

#include "meta/store.h"

namespace entrepot::people {

// By name, in any case. NotFound, with what was typed; deleted accounts are not found.
Result<meta::Account> find_account(const meta::Snapshot& snapshot, std::string_view name);
// InvalidArgument for one of another kind.
Result<meta::Account> find_account(const meta::Snapshot& snapshot, std::string_view name,
                                   meta::AccountKind kind);

}  // namespace entrepot::people
