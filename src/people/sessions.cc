#include "people/sessions.h"

#include <utility>

#include "crypto/secret.h"
#include "people/kept_secret.h"

namespace entrepot::people {
namespace {

constexpr std::string_view kKind = "ses";

}  // namespace

Result<std::string> Sessions::begin(Context& context, meta::AccountId user, std::int64_t epoch,
                                    std::string_view client) {
  meta::NewSecret secret;
  secret.account = user;
  secret.kind = meta::SecretKind::Session;
  secret.name = client;
  secret.epoch = epoch;
  secret.created_at = clock_.wall();
  secret.expires_at = secret.created_at + kSessionLasts;
  return keep_secret(context, store_, kKind, std::move(secret), kMostOfAUser);
}

Result<void> Sessions::end(Context& context, std::string_view secret) {
  const Bytes fingerprint = crypto::fingerprint_of(secret);
  return store_.write(context, [&](meta::Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const auto found, if_there(tx.secrets().find(fingerprint)));
    if (!found || found->kind != meta::SecretKind::Session) return {};
    TRY(tx.secrets().remove(found->id));
    return {};
  });
}

}  // namespace entrepot::people
