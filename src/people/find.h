#pragma once
// people/find.h — accounts by what people type.

#include <memory>
#include <string_view>

#include "access/subject.h"
#include "meta/store.h"

namespace entrepot::people {

// By name, in any case. NotFound, with what was typed; deleted accounts are not found.
Result<meta::Account> find_account(const meta::Snapshot& snapshot, std::string_view name);
// InvalidArgument for one of another kind.
Result<meta::Account> find_account(const meta::Snapshot& snapshot, std::string_view name,
                                   meta::AccountKind kind);

// Does somebody who signs in by `name` mean this account? In any case, but for names of a file.
bool is_called(const meta::Account& account, std::string_view name);

// As whom an account acts, with what its credential allows at most.
access::Subject subject_of(const meta::Account& account,
                           std::shared_ptr<const access::Bound> bound = nullptr);

}  // namespace entrepot::people
