#include "people/refresh_tokens.h"

#include <algorithm>

#include "base/log.h"
#include "crypto/secret.h"
#include "people/find.h"

namespace entrepot::people {
namespace {

constexpr std::string_view kKind = "ref";
constexpr std::chrono::hours kNotedEvery{24};

std::string readable(std::string_view text) {
  std::string kept;
  std::copy_if(text.begin(), text.end(), std::back_inserter(kept),
               [](char c) { return c >= ' ' && c <= '~'; });
  kept.resize(std::min(kept.size(), RefreshTokens::kMostClient));
  return kept;
}

struct Found {
  meta::Account account;
  meta::Secret secret;
};

Result<void> check_alive(const Found& found, WallTime now) {
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
  std::string text = crypto::make_secret(kKind);
  meta::NewSecret secret;
  secret.account = user;
  secret.kind = meta::SecretKind::RefreshToken;
  secret.name = readable(client);
  secret.fingerprint = crypto::fingerprint_of(text);
  secret.epoch = epoch;
  secret.created_at = clock_.wall();
  secret.expires_at = secret.created_at + kUnused;
  TRY(store_.write(context, [&](meta::Transaction& tx) -> Result<void> {
    TRY(tx.secrets().add(secret));
    return tx.secrets().trim(user, meta::SecretKind::RefreshToken, kMostOfAUser);
  }));
  return text;
}

Result<access::Subject> RefreshTokens::redeem(Context& context, std::string_view text) {
  const Failure unknown =
      fail(ErrorCode::Unauthenticated, "this refresh token is unknown: sign in again");
  if (crypto::parse_secret(text) != kKind) return unknown;
  const Bytes fingerprint = crypto::fingerprint_of(text);
  const auto look = [&](const meta::Snapshot& snapshot) -> Result<Found> {
    TRY_ASSIGN(auto secret, snapshot.secrets().find(fingerprint));
    TRY_ASSIGN(auto account, snapshot.accounts().find(secret.account));
    return Found{std::move(account), std::move(secret)};
  };
  TRY_ASSIGN(const auto found, if_there(store_.view<Found>(context, look)));
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
