#include "people/refresh_tokens.h"

#include <utility>

#include "base/log.h"
#include "people/find.h"
#include "people/kept_secret.h"

namespace entrepot::people {
namespace {

constexpr std::string_view kKind = "ref";
constexpr std::chrono::hours kNotedEvery{24};

Result<void> check_alive(const OwnedSecret& found, WallTime now) {
  if (!found.account.is_active()) {
    return fail(ErrorCode::Unauthenticated, "the account {} is disabled", found.account.name);
  }
  if (found.secret.epoch != found.account.epoch) {
    return fail(ErrorCode::Unauthenticated, "this sign-in has ended: sign in again");
  }
  if (found.secret.expires_at && *found.secret.expires_at <= now) {
    return fail(ErrorCode::Unauthenticated,
                "this sign-in ended on {}, for it was not used for long: sign in again",
                to_rfc3339(*found.secret.expires_at).substr(0, 10));
  }
  return {};
}

}  // namespace

Result<std::string> RefreshTokens::give(Context& context, meta::AccountId user, std::int64_t epoch,
                                        std::string_view client) {
  meta::NewSecret secret;
  secret.account = user;
  secret.kind = meta::SecretKind::RefreshToken;
  secret.name = client;
  secret.epoch = epoch;
  secret.created_at = clock_.wall();
  secret.expires_at = secret.created_at + kUnused;
  return keep_secret(context, store_, kKind, std::move(secret), kMostOfAUser);
}

Result<access::Subject> RefreshTokens::redeem(Context& context, std::string_view text) {
  const Failure unknown =
      fail(ErrorCode::Unauthenticated, "this refresh token is unknown: sign in again");
  TRY_ASSIGN(const auto found, find_secret(context, store_, text));
  if (!found || found->secret.kind != meta::SecretKind::RefreshToken) return unknown;
  const WallTime now = clock_.wall();
  TRY(check_alive(*found, now));
  note_use(found->secret, now);
  return subject_of(found->account);
}

void RefreshTokens::note_use(const meta::Secret& secret, WallTime now) {
  const WallTime wanted = now + kUnused;
  if (secret.expires_at && wanted - *secret.expires_at < kNotedEvery) return;
  const bool taken = executor_.try_post([&store = store_, id = secret.id, wanted] {
    Context context;
    const auto noted = store.write(context, [&](meta::Transaction& tx) -> Result<void> {
      return tx.secrets().set_expiry(id, wanted);
    });
    if (!noted) log::warning("that a refresh token was used is not noted: {}", noted.error());
  });
  static_cast<void>(taken);  // full: with the next use
}

}  // namespace entrepot::people
