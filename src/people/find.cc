#include "people/find.h"

#include "people/names.h"
#include "people/roles.h"

namespace entrepot::people {

Result<meta::Account> find_account(const meta::Snapshot& snapshot, std::string_view name) {
  const bool exact = name.starts_with(kHtpasswdPrefix);
  TRY_ASSIGN(auto account, snapshot.accounts().find(exact ? std::string(name) : lower_case(name)));
  if (account.state == meta::AccountState::Deleted) {
    return fail(ErrorCode::NotFound, "nobody is called {} any more", name);
  }
  return account;
}

Result<meta::Account> find_account(const meta::Snapshot& snapshot, std::string_view name,
                                   meta::AccountKind kind) {
  TRY_ASSIGN(auto account, find_account(snapshot, name));
  if (account.kind != kind) {
    return fail(ErrorCode::InvalidArgument, "{} is a {}, not a {}", name, name_of(account.kind),
                name_of(kind));
  }
  return account;
}

bool is_called(const meta::Account& account, std::string_view name) {
  if (account.provider == meta::Provider::Local) return account.name == lower_case(name);
  return account.name == std::string(kHtpasswdPrefix).append(name);
}

access::Subject subject_of(const meta::Account& account,
                           std::shared_ptr<const access::Bound> bound) {
  const auto kind = account.kind == meta::AccountKind::Robot ? access::SubjectKind::Robot
                                                             : access::SubjectKind::User;
  return {kind, account.id.value, account.name, std::move(bound)};
}

}  // namespace entrepot::people
