#include "people/sessions.h"

#include "crypto/secret.h"

namespace entrepot::people {
namespace {

constexpr std::string_view kKind = "ses";
constexpr std::size_t kLongestClient = 200;

}  // namespace

Result<std::string> Sessions::begin(Context& context, const access::Subject& user,
                                    std::string_view client) {
  std::string secret = crypto::make_secret(kKind);
  meta::NewSecret kept;
  kept.account = meta::AccountId{user.id()};
  kept.kind = meta::SecretKind::Session;
  kept.name = client.substr(0, kLongestClient);
  kept.fingerprint = crypto::fingerprint_of(secret);
  kept.created_at = clock_.wall();
  kept.expires_at = kept.created_at + kSessionLasts;
  TRY(store_.write(context, [&](meta::Transaction& tx) -> Result<void> {
    TRY(tx.secrets().add(kept));
    return {};
  }));
  return secret;
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
