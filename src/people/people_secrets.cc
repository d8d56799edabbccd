// Those of People that make up secrets and revoke them: robots, tokens, sessions.

#include <algorithm>

#include "crypto/secret.h"
#include "people/event_detail.h"
#include "people/find.h"
#include "people/names.h"
#include "people/people.h"
#include "people/roles.h"

namespace entrepot::people {
namespace {

using events::EventKind;
using meta::Account;
using meta::AccountKind;
using meta::SecretKind;
using meta::Transaction;

Result<void> check_room_for_a_robot(const Transaction& tx, std::string_view name_space) {
  const std::string prefix = std::string(name_space) + '/';
  TRY_ASSIGN(const auto robots,
             tx.accounts().list(AccountKind::Robot, prefix, People::kMostRobots));
  if (robots.size() < People::kMostRobots || !robots.back().name.starts_with(prefix)) return {};
  return fail(ErrorCode::QuotaExceeded, "{} has {} robots, and no more: delete some", name_space,
              People::kMostRobots);
}

Result<void> check_room_for_a_token(const Transaction& tx, const Account& owner) {
  constexpr std::size_t kAll = 10'000;  // sessions and refresh tokens are fewer
  TRY_ASSIGN(const auto secrets, tx.secrets().list(owner.id, 0, kAll));
  const auto tokens = std::count_if(secrets.begin(), secrets.end(), [](const meta::Secret& secret) {
    return secret.kind == SecretKind::AccessToken;
  });
  if (static_cast<std::size_t>(tokens) < People::kMostTokens) return {};
  return fail(ErrorCode::QuotaExceeded, "{} has {} access tokens, and no more: revoke some",
              owner.name, People::kMostTokens);
}

Failure no_such_secret() { return fail(ErrorCode::NotFound, "there is nothing of that number"); }

}  // namespace

Result<MadeSecret> People::create_robot(Context& context, By by, const NewRobot& wished) {
  TRY_ASSIGN(const RobotName name, parse_robot_name(wished.name));
  const std::string text = crypto::make_secret("rob");
  return store_.transact<MadeSecret>(context, [&](Transaction& tx) -> Result<MadeSecret> {
    meta::NewAccount account;
    account.kind = AccountKind::Robot;
    account.name = wished.name;
    account.created_at = clock_.wall();
    TRY_ASSIGN(const Target owner, find_owner(tx, name.name_space));
    TRY(by.may(tx, Deed::ManageRobots, owner));
    TRY(by.may_make_secret(wished.expires_at));
    if (name.name_space != kSystemNamespace) {
      TRY_ASSIGN(const Account there, find_account(tx, name.name_space));
      account.owner = there.id;
    }
    TRY(check_room_for_a_robot(tx, name.name_space));
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
    TRY_ASSIGN(const Account owner, by.find(tx, wished.user, AccountKind::User));
    TRY(by.may(tx, Deed::MakeTokens, target_of(owner)));
    TRY(by.is_here_in_person());
    TRY(check_room_for_a_token(tx, owner));
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

Result<void> People::drop_secret(Transaction& tx, By by, const meta::Secret& secret) const {
  TRY_ASSIGN(const Account owner, tx.accounts().find(secret.account));
  TRY(tx.secrets().remove(secret.id));
  TRY(tx.accounts().update(owner, /*ends_sessions=*/true));
  TRY_ASSIGN(const Account now, tx.accounts().find(owner.id));
  TRY(tx.secrets().carry_over(owner.id, owner.epoch, now.epoch));
  return tell(
      tx, by, EventKind::SecretRemoved,
      detail_of(Text("account", owner.name), Number("id", secret.id), Text("name", secret.name)));
}

Result<void> People::revoke_secret(Context& context, By by, std::int64_t id) {
  return store_.write(context, [&](Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const auto secret, tx.secrets().find(id));
    TRY_ASSIGN(const Account owner, tx.accounts().find(secret.account));
    TRY(by.may(tx, Deed::ManageSecrets, target_of(owner)));
    return drop_secret(tx, by, secret);
  });
}

Result<void> People::revoke_secret_of(Context& context, By by, std::int64_t id,
                                      std::string_view user, std::span<const SecretKind> kinds) {
  return store_.write(context, [&](Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const Account owner, by.find(tx, user, AccountKind::User));
    TRY(by.may(tx, Deed::ManageSecrets, target_of(owner)));
    TRY_ASSIGN(const auto secret, if_there(tx.secrets().find(id)));
    const bool fits = secret && secret->account == owner.id &&
                      std::find(kinds.begin(), kinds.end(), secret->kind) != kinds.end();
    if (!fits) return no_such_secret();
    return drop_secret(tx, by, *secret);
  });
}

}  // namespace entrepot::people
