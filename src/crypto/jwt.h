#pragma once
// crypto/jwt.h — signed tokens that say what they say by themselves (RFC 7519).

#include <cstddef>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/signing_key.h"

namespace entrepot::crypto {

// Longer tokens are neither made nor read. (Of a request's head, a quarter.)
constexpr std::size_t kMaxJwtBytes = 16 << 10;

// A token in compact form (RFC 7515 §3.1) with the header {"alg":…,"kid":…,"typ":"JWT"}. `claims`
// is a JSON object, and is taken as it is. TooLarge: the token would be; Unavailable without
// memory.
Result<std::string> sign_jwt(const SigningKey& key, ByteView claims);

struct VerifiedJwt {
  std::string key_id;  // which of the keys signed it
  Bytes claims;  // what was signed: read and judged by the caller, expiry and audience included
};

// What `text` says, if one of `keys` signed it. Follows RFC 8725:
//
// - The key decides about the algorithm; a header that names another is refused ("none", "HS256").
// - The key is the one of `keys` that the header names by "kid". A header without one will do if
//   there is one key. Keys in a header, and addresses of keys, are ignored.
// - A header with "crit", with a "typ" other than JWT, or with a member twice is refused. Other
//   members are ignored.
// - base64url has no padding, and one text for each value.
//
// Still a token may have more than one text (PublicKey::verify): tell tokens apart by their claims.
//
// Unauthenticated, with the reason, for everything else; Unavailable without memory. Thread-safe;
// takes about 0.1 ms, and less for what is no token of one of the keys.
Result<VerifiedJwt> verify_jwt(std::string_view text, std::span<const PublicKey> keys);

}  // namespace entrepot::crypto
