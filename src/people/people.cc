#include "people/people.h"

#include "people/event_detail.h"
#include "people/find.h"
#include "people/names.h"
#include "people/roles.h"

namespace entrepot::people {
namespace {

using events::EventKind;
using meta::Account;
using meta::AccountKind;
using meta::AccountState;
using meta::SecretKind;
using meta::Transaction;

// At least one admin can still sign in, unless there was none before.
Result<void> keep_an_admin(const Transaction& tx, std::size_t admins_before) {
  TRY_ASSIGN(const std::size_t admins, tx.accounts().count_admins());
  if (admins > 0 || admins_before == 0) return {};
  return fail(ErrorCode::Conflict, "this is the last system admin: make another one before");
}

Result<void> keep_an_owner(const Transaction& tx, const Account& organisation,
                           std::size_t owners_before) {
  TRY_ASSIGN(const std::size_t owners, tx.members().count_owners(organisation.id));
  if (owners > 0 || owners_before == 0) return {};
  return fail(ErrorCode::Conflict, "this is the last owner of {}: make another one before",
              organisation.name);
}

// Names under which something lies are nobody's to take.
Result<void> check_free(const Transaction& tx, std::string_view name, bool claim) {
  TRY_ASSIGN(const bool used, tx.repositories().any_below(name));
  if (!used || claim) return {};
  return fail(ErrorCode::AlreadyExists,
              "the name {} is taken: repositories lie below it. Who makes an organisation of that "
              "name with --claim gets them",
              name);
}

}  // namespace

template <class Run>
Result<void> People::change(Context& context, const Run& run) {
  return store_.write(context, [&](Transaction& tx) -> Result<void> { return run(tx); });
}

Result<void> People::tell(Transaction& tx, By by, EventKind kind, std::string detail,
                          const std::optional<oci::RepositoryName>& repository) const {
  return tx.journal().add({.kind = kind,
                           .at = clock_.wall(),
                           .actor = by.actor(),
                           .repository = repository,
                           .digest = std::nullopt,
                           .tag = std::nullopt,
                           .previous = std::nullopt,
                           .detail = std::move(detail)});
}

Result<void> People::ask_before(Context& context, By by, Deed deed, std::string_view user) {
  if (by.is_machine()) return {};
  return store_.read(context, [&](const meta::Snapshot& snapshot) -> Result<void> {
    Target target;
    if (!user.empty()) {
      TRY_ASSIGN(const Account account, by.find(snapshot, user, AccountKind::User));
      target = target_of(account);
    }
    return by.may(snapshot, deed, target);
  });
}

Result<Account> People::create_user(Context& context, By by, const NewUser& wished) {
  TRY(ask_before(context, by, Deed::ManageAccounts));
  TRY(check_name(wished.name));
  // The first admin may be called so; nobody else gets a reserved name.
  if (!(wished.admin && wished.name == "admin")) TRY(check_not_reserved(wished.name));
  std::string hash;
  if (wished.password) {
    TRY(check_password(*wished.password, wished.name));
    TRY_ASSIGN(hash, crypto::hash_password(*wished.password, cost_));
  }
  return store_.transact<Account>(context, [&](Transaction& tx) -> Result<Account> {
    TRY(by.may(tx, Deed::ManageAccounts, {}));
    TRY(check_free(tx, wished.name, false));
    return add_user(tx, by, wished, hash);
  });
}

Result<Account> People::add_user(Transaction& tx, By by, const NewUser& wished,
                                 const std::string& hash) const {
  meta::NewAccount account;
  account.name = wished.name;
  account.role = wished.admin ? meta::SystemRole::Admin : meta::SystemRole::None;
  account.created_at = clock_.wall();
  TRY_ASSIGN(const Account made, tx.accounts().create(account));
  if (!hash.empty()) {
    meta::NewSecret password;
    password.account = made.id;
    password.password_hash = hash;
    password.created_at = account.created_at;
    TRY(tx.secrets().add(password));
  }
  TRY(tell(tx, by, EventKind::AccountCreated,
           detail_of(Text("account", made.name), Text("kind", "user"),
                     Text("role", name_of(made.role)))));
  return made;
}

Result<void> People::create_first_admin(Context& context, By by, const std::string& password) {
  const NewUser admin{.name = "admin", .password = password, .admin = true};
  std::string hash;
  if (!password.empty()) {
    TRY(check_password(password, admin.name));
    TRY_ASSIGN(hash, crypto::hash_password(password, cost_));
  }
  return change(context, [&](Transaction& tx) -> Result<void> {
    TRY(by.may(tx, Deed::ManageAccounts, {}));
    TRY_ASSIGN(const bool any, tx.accounts().any());
    if (any) return {};
    TRY(add_user(tx, by, admin, hash));
    return {};
  });
}

Result<void> People::set_password(Context& context, By by, std::string_view user,
                                  std::string_view password, std::optional<std::int64_t> epoch) {
  TRY(ask_before(context, by, Deed::SetPassword, user));
  TRY(check_password(password, user));
  TRY_ASSIGN(const std::string hash, crypto::hash_password(password, cost_));
  return change(context, [&](Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const Account account, by.find(tx, user, AccountKind::User));
    TRY(by.may(tx, Deed::SetPassword, target_of(account)));
    if (epoch && *epoch != account.epoch) {
      return fail(ErrorCode::Unauthenticated, "this sign-in has ended: sign in again");
    }
    if (account.provider != meta::Provider::Local) {
      return fail(ErrorCode::InvalidArgument, "the password of {} is in the htpasswd file",
                  account.name);
    }
    return put_password(tx, by, account, hash);
  });
}

// Nothing that was signed in with the old one, or may set another, outlives it.
Result<void> People::put_password(Transaction& tx, By by, const Account& account,
                                  const std::string& hash) const {
  for (const SecretKind kind : {SecretKind::Password, SecretKind::Session, SecretKind::RefreshToken,
                                SecretKind::Invitation}) {
    TRY(tx.secrets().remove_all(account.id, kind));
  }
  meta::NewSecret kept;
  kept.account = account.id;
  kept.password_hash = hash;
  kept.created_at = clock_.wall();
  TRY(tx.secrets().add(kept));
  TRY(tx.accounts().update(account, /*ends_sessions=*/true));
  return tell(tx, by, EventKind::SecretCreated,
              detail_of(Text("account", account.name), Text("kind", "password")));
}

Result<Account> People::change_account(Transaction& tx, By by, Account account,
                                       const AccountChange& change) const {
  const bool robot = account.kind == AccountKind::Robot;
  TRY(robot ? by.may(tx, Deed::ManageRobots, owner_of(account))
            : by.may(tx, Deed::ManageAccounts, target_of(account)));
  TRY_ASSIGN(const std::size_t admins, tx.accounts().count_admins());
  const bool ends = change.enabled && !*change.enabled;
  if (change.enabled) account.state = ends ? AccountState::Disabled : AccountState::Active;
  if (change.role) account.role = *change.role;
  TRY(tx.accounts().update(account, /*ends_sessions=*/ends));
  if (ends) TRY(tx.secrets().remove_all(account.id, SecretKind::RefreshToken));
  TRY(keep_an_admin(tx, admins));
  if (change.enabled) {
    TRY(tell(tx, by, EventKind::AccountChanged,
             detail_of(Text("account", account.name), Text("state", name_of(account.state)))));
  }
  if (change.role) {
    TRY(tell(tx, by, EventKind::AccountChanged,
             detail_of(Text("account", account.name), Text("role", name_of(account.role)))));
  }
  return account;
}

Result<Account> People::change_user(Context& context, By by, std::string_view user,
                                    const AccountChange& change) {
  return store_.transact<Account>(context, [&](Transaction& tx) -> Result<Account> {
    TRY_ASSIGN(Account account, by.find(tx, user, AccountKind::User));
    return change_account(tx, by, std::move(account), change);
  });
}

Result<void> People::set_enabled(Context& context, By by, std::string_view name, bool enabled) {
  return change(context, [&](Transaction& tx) -> Result<void> {
    TRY_ASSIGN(Account account, by.find(tx, name));
    TRY(change_account(tx, by, std::move(account), {.enabled = enabled}));
    return {};
  });
}

Result<void> People::set_role(Context& context, By by, std::string_view user,
                              meta::SystemRole role) {
  TRY(change_user(context, by, user, {.role = role}));
  return {};
}

namespace {

// Those of an organisation, with their members and grants.
Result<void> remove_teams(Transaction& tx, const Account& organisation) {
  constexpr std::size_t kAtOnce = 100;
  while (true) {
    TRY_ASSIGN(const auto teams, tx.teams().list(organisation.id, "", kAtOnce));
    for (const meta::Team& team : teams) TRY(tx.teams().remove(team.id));
    if (teams.size() < kAtOnce) return {};
  }
}

// What somebody may do to an account of that kind, to be rid of it.
Result<Account> find_removable(const Transaction& tx, const Author& by, std::string_view name,
                               std::optional<AccountKind> kind) {
  if (kind == AccountKind::Robot) {  // whether it is there is told to who may remove it
    TRY_ASSIGN(const RobotName robot, parse_robot_name(name));
    TRY_ASSIGN(const Target owner, find_owner(tx, robot.name_space));
    TRY(by.may(tx, Deed::ManageRobots, owner));
  }
  TRY_ASSIGN(Account account, kind ? by.find(tx, name, *kind) : by.find(tx, name));
  TRY(account.kind == AccountKind::Robot ? by.may(tx, Deed::ManageRobots, owner_of(account))
                                         : by.may(tx, Deed::ManageAccounts, target_of(account)));
  return account;
}

}  // namespace

Result<void> People::remove(Context& context, By by, std::string_view name,
                            std::optional<AccountKind> kind) {
  return change(context, [&](Transaction& tx) -> Result<void> {
    TRY_ASSIGN(Account account, find_removable(tx, by, name, kind));
    if (account.kind != AccountKind::Robot) {
      TRY_ASSIGN(const bool used, tx.repositories().any_below(account.name));
      if (used) {
        return fail(ErrorCode::Conflict, "repositories lie below {}: delete them first",
                    account.name);
      }
    }
    TRY_ASSIGN(const std::size_t admins, tx.accounts().count_admins());
    TRY_ASSIGN(const auto organisations, tx.members().of(account.id));
    for (const meta::Membership& membership : organisations) {
      TRY_ASSIGN(const auto owners, tx.members().count_owners(membership.organisation));
      TRY(tx.members().remove(membership.organisation, account.id));
      TRY_ASSIGN(const Account organisation, tx.accounts().find(membership.organisation));
      TRY(keep_an_owner(tx, organisation, owners));
    }
    for (const SecretKind each :
         {SecretKind::Password, SecretKind::AccessToken, SecretKind::RobotSecret,
          SecretKind::RefreshToken, SecretKind::Session}) {
      TRY(tx.secrets().remove_all(account.id, each));
    }
    TRY(remove_teams(tx, account));
    TRY(tx.grants().remove_of(account.id));
    account.state = AccountState::Deleted;
    TRY(tx.accounts().update(account, /*ends_sessions=*/true));
    TRY(keep_an_admin(tx, admins));
    return tell(tx, by, EventKind::AccountChanged,
                detail_of(Text("account", account.name), Text("state", name_of(account.state))));
  });
}

Result<Account> People::create_organisation(Context& context, By by,
                                            const NewOrganisation& wished) {
  return store_.transact<Account>(context, [&](Transaction& tx) -> Result<Account> {
    TRY(by.may(tx, Deed::ManageAccounts, {}));
    TRY(check_name(wished.name));
    if (wished.name != "library") TRY(check_not_reserved(wished.name));
    TRY(check_free(tx, wished.name, wished.claim));
    meta::NewAccount account;
    account.kind = AccountKind::Organisation;
    account.name = wished.name;
    account.new_visibility = wished.new_visibility;
    account.base_role = wished.base_role;
    account.created_at = clock_.wall();
    TRY_ASSIGN(const Account made, tx.accounts().create(account));
    TRY(tell(tx, by, EventKind::AccountCreated,
             detail_of(Text("account", made.name), Text("kind", "organisation"))));
    return made;
  });
}

Result<Account> People::change_organisation(Context& context, By by, std::string_view organisation,
                                            const OrganisationChange& change) {
  return store_.transact<Account>(context, [&](Transaction& tx) -> Result<Account> {
    TRY_ASSIGN(Account account, by.find(tx, organisation, AccountKind::Organisation));
    TRY(by.may(tx, Deed::ManageOrganisation, target_of(account)));
    account.new_visibility = change.new_visibility.value_or(account.new_visibility);
    account.base_role = change.base_role.value_or(account.base_role);
    if (account.base_role > meta::RepositoryRole::Write) {
      return fail(ErrorCode::InvalidArgument, "members have none, read or write by themselves");
    }
    TRY(tx.accounts().update(account, /*ends_sessions=*/false));
    TRY(tell(tx, by, EventKind::AccountChanged,
             detail_of(Text("account", account.name),
                       Text("new_visibility", name_of(account.new_visibility)),
                       Text("base_role", name_of(account.base_role)))));
    return account;
  });
}

template <class Run>
Result<void> People::change_member(Context& context, By by, std::string_view organisation,
                                   std::string_view user, std::string_view role, const Run& run) {
  return change(context, [&](Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const Account there, by.find(tx, organisation, AccountKind::Organisation));
    TRY(by.may(tx, Deed::ManageOrganisation, target_of(there)));
    TRY_ASSIGN(const Account who, by.find(tx, user));
    TRY_ASSIGN(const std::size_t owners, tx.members().count_owners(there.id));
    TRY(run(tx, there, who));
    TRY(keep_an_owner(tx, there, owners));
    return tell(
        tx, by, EventKind::MemberChanged,
        detail_of(Text("organisation", there.name), Text("account", who.name), Text("role", role)));
  });
}

Result<void> People::set_member(Context& context, By by, std::string_view organisation,
                                std::string_view user, meta::MemberRole role) {
  return change_member(
      context, by, organisation, user, name_of(role),
      [&](Transaction& tx, const Account& there, const Account& who) -> Result<void> {
        if (who.kind == AccountKind::Organisation) {
          return fail(ErrorCode::InvalidArgument, "{} is an organisation, and in none itself",
                      who.name);
        }
        return tx.members().set(there.id, who.id, role);
      });
}

Result<void> People::remove_member(Context& context, By by, std::string_view organisation,
                                   std::string_view user) {
  return change_member(context, by, organisation, user, "none",
                       [](Transaction& tx, const Account& there, const Account& who) {
                         return tx.members().remove(there.id, who.id);
                       });
}

}  // namespace entrepot::people
