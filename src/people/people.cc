#include "people/people.h"

#include "crypto/secret.h"
#include "json/writer.h"
#include "net/networks.h"
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

// {"name":"value",…}: what an event tells besides.
template <class... Members>
std::string detail_of(const Members&... members) {
  std::string text;
  json::Writer writer(text);
  writer.begin_object();
  (writer.member(members.first, members.second), ...);
  writer.end_object();
  return text;
}

using Text = std::pair<std::string_view, std::string_view>;
using Number = std::pair<std::string_view, std::int64_t>;

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
                           .actor = by,
                           .repository = repository,
                           .digest = std::nullopt,
                           .tag = std::nullopt,
                           .previous = std::nullopt,
                           .detail = std::move(detail)});
}

Result<Account> People::create_user(Context& context, By by, const NewUser& wished) {
  TRY(check_name(wished.name));
  // The first admin may be called so; nobody else gets a reserved name.
  if (!(wished.admin && wished.name == "admin")) TRY(check_not_reserved(wished.name));
  TRY(check_password(wished.password, wished.name));
  TRY_ASSIGN(const std::string hash, crypto::hash_password(wished.password, cost_));
  return store_.transact<Account>(context, [&](Transaction& tx) -> Result<Account> {
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
    TRY_ASSIGN(const bool any, tx.accounts().any());
    if (any) return {};
    TRY(add_user(tx, by, admin, hash));
    return {};
  });
}

Result<void> People::set_password(Context& context, By by, std::string_view user,
                                  std::string_view password) {
  TRY(check_password(password, user));
  TRY_ASSIGN(const std::string hash, crypto::hash_password(password, cost_));
  return change(context, [&](Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const Account account, find_account(tx, user, AccountKind::User));
    TRY(tx.secrets().remove_all(account.id, SecretKind::Password));
    TRY(tx.secrets().remove_all(account.id, SecretKind::Session));
    meta::NewSecret kept;
    kept.account = account.id;
    kept.password_hash = hash;
    kept.created_at = clock_.wall();
    TRY(tx.secrets().add(kept));
    TRY(tx.accounts().update(account, /*ends_sessions=*/true));
    return tell(tx, by, EventKind::SecretCreated,
                detail_of(Text("account", account.name), Text("kind", "password")));
  });
}

Result<void> People::set_enabled(Context& context, By by, std::string_view name, bool enabled) {
  return change(context, [&](Transaction& tx) -> Result<void> {
    TRY_ASSIGN(Account account, find_account(tx, name));
    TRY_ASSIGN(const std::size_t admins, tx.accounts().count_admins());
    account.state = enabled ? AccountState::Active : AccountState::Disabled;
    TRY(tx.accounts().update(account, /*ends_sessions=*/!enabled));
    TRY(keep_an_admin(tx, admins));
    return tell(tx, by, EventKind::AccountChanged,
                detail_of(Text("account", account.name), Text("state", name_of(account.state))));
  });
}

Result<void> People::set_role(Context& context, By by, std::string_view user,
                              meta::SystemRole role) {
  return change(context, [&](Transaction& tx) -> Result<void> {
    TRY_ASSIGN(Account account, find_account(tx, user, AccountKind::User));
    TRY_ASSIGN(const std::size_t admins, tx.accounts().count_admins());
    account.role = role;
    TRY(tx.accounts().update(account, /*ends_sessions=*/false));
    TRY(keep_an_admin(tx, admins));
    return tell(tx, by, EventKind::AccountChanged,
                detail_of(Text("account", account.name), Text("role", name_of(account.role))));
  });
}

Result<void> People::remove(Context& context, By by, std::string_view name) {
  return change(context, [&](Transaction& tx) -> Result<void> {
    TRY_ASSIGN(Account account, find_account(tx, name));
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
    for (const SecretKind kind :
         {SecretKind::Password, SecretKind::AccessToken, SecretKind::RobotSecret}) {
      TRY(tx.secrets().remove_all(account.id, kind));
    }
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
  TRY(check_name(wished.name));
  if (wished.name != "library") TRY(check_not_reserved(wished.name));
  return store_.transact<Account>(context, [&](Transaction& tx) -> Result<Account> {
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

template <class Run>
Result<void> People::change_member(Context& context, By by, std::string_view organisation,
                                   std::string_view user, std::string_view role, const Run& run) {
  return change(context, [&](Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const Account there, find_account(tx, organisation, AccountKind::Organisation));
    TRY_ASSIGN(const Account who, find_account(tx, user));
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

Result<MadeSecret> People::create_robot(Context& context, By by, const NewRobot& wished) {
  TRY_ASSIGN(const RobotName name, parse_robot_name(wished.name));
  const std::string text = crypto::make_secret("rob");
  return store_.transact<MadeSecret>(context, [&](Transaction& tx) -> Result<MadeSecret> {
    meta::NewAccount account;
    account.kind = AccountKind::Robot;
    account.name = wished.name;
    account.created_at = clock_.wall();
    if (name.name_space != kSystemNamespace) {
      TRY_ASSIGN(const Account owner, find_account(tx, name.name_space));
      account.owner = owner.id;
    }
    TRY_ASSIGN(const Account made, tx.accounts().create(account));
    meta::NewSecret secret;
    secret.account = made.id;
    secret.kind = SecretKind::RobotSecret;
    secret.fingerprint = crypto::fingerprint_of(text);
    secret.created_at = account.created_at;
    secret.expires_at = wished.expires_at;
    TRY_ASSIGN(auto kept, tx.secrets().add(secret));
    TRY(tell(tx, by, EventKind::AccountCreated,
             detail_of(Text("account", made.name), Text("kind", "robot"))));
    for (const GrantWish& wish : wished.grants) {
      TRY(add_grant(tx, by, {meta::HolderKind::Account, made.id.value}, wish));
    }
    return MadeSecret{std::move(kept), text};
  });
}

Result<MadeSecret> People::create_token(Context& context, By by, const NewToken& wished) {
  const std::string text = crypto::make_secret("pat");
  return store_.transact<MadeSecret>(context, [&](Transaction& tx) -> Result<MadeSecret> {
    TRY_ASSIGN(const Account owner, find_account(tx, wished.user, AccountKind::User));
    meta::NewSecret secret;
    secret.account = owner.id;
    secret.kind = SecretKind::AccessToken;
    secret.name = wished.name;
    secret.fingerprint = crypto::fingerprint_of(text);
    if (wished.bound) secret.bound = to_json(*wished.bound);
    secret.created_at = clock_.wall();
    secret.expires_at = wished.expires_at;
    TRY_ASSIGN(auto kept, tx.secrets().add(secret));
    TRY(tell(tx, by, EventKind::SecretCreated,
             detail_of(Text("account", owner.name), Text("kind", "access token"),
                       Number("id", kept.id), Text("name", kept.name))));
    return MadeSecret{std::move(kept), text};
  });
}

Result<void> People::revoke_secret(Context& context, By by, std::int64_t id) {
  return change(context, [&](Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const auto secret, tx.secrets().find(id));
    TRY_ASSIGN(const Account owner, tx.accounts().find(secret.account));
    TRY(tx.secrets().remove(id));
    TRY(tx.accounts().update(owner, /*ends_sessions=*/true));
    return tell(
        tx, by, EventKind::SecretRemoved,
        detail_of(Text("account", owner.name), Number("id", id), Text("name", secret.name)));
  });
}

}  // namespace entrepot::people
