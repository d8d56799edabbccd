#pragma once
// people/tokens.h — the registry tokens that the token service gives, and that clients show.

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "crypto/jwt.h"
#include "crypto/sealed.h"
#include "meta/store.h"
#include "people/bounds.h"

namespace entrepot::people {

// What a token says: who, and for what at most (Docker's token specification). It gives no right:
// each use asks what its owner may do then.
struct TokenClaims {
  meta::AccountId account;  // 0: anonymous
  std::string name;         // as it was called then
  std::int64_t epoch = 0;   // meta::Account::epoch; the token counts while that is the same
  access::Bound bound;      // expires_at is set
  WallTime issued_at = {};
};

// Signs and reads tokens: JWTs with an ES256 key that is made once and kept in the metadata,
// sealed. Thread-safe; takes some 100 µs of computing and never the store.
class Tokens {
 public:
  // The word that tokens name as issuer and audience, and clients as `service`: the same under
  // every host name.
  static constexpr std::string_view kService = "entrepot";

  // Reads the key, or makes one. One that was sealed under another key than `sealing`, because that
  // was lost or a backup is older, is replaced: then the tokens that it signed end.
  static Result<std::unique_ptr<Tokens>> open(Context& context, meta::Store& store,
                                              const crypto::SealingKey& sealing);

  Result<std::string> issue(const TokenClaims& claims) const;
  // Unauthenticated, with why, when it is none of ours or over.
  Result<TokenClaims> read(std::string_view token, WallTime now) const;

  // The public keys, for others who verify our tokens (RFC 7517).
  std::string jwks() const;

 private:
  explicit Tokens(crypto::SigningKey key);

  const crypto::SigningKey key_;
  const std::vector<crypto::PublicKey> public_keys_;
};

}  // namespace entrepot::people
