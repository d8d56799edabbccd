#pragma once
// people/tokens.h — the registry tokens that the token service gives, and that clients show.

#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "crypto/jwt.h"
#include "meta/store.h"
#include "people/bounds.h"
#include "people/signing_keys.h"

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

// Signs and reads tokens: JWTs with an ES256 key (people/signing_keys.h). Thread-safe; takes some
// 100 µs of computing and never the store.
class Tokens {
 public:
  // The word that tokens name as issuer and audience, and clients as `service`: the same under
  // every host name.
  static constexpr std::string_view kService = "entrepot";

  // `keys` outlives this.
  explicit Tokens(const SigningKeys& keys) : keys_(keys) {}

  Result<std::string> issue(const TokenClaims& claims) const;
  // Unauthenticated, with why, when it is none of ours or over.
  Result<TokenClaims> read(std::string_view token, WallTime now) const;

  // The public keys, for others who verify our tokens (RFC 7517).
  std::string jwks() const;

 private:
  const SigningKeys& keys_;
};

}  // namespace entrepot::people
