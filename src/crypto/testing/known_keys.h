#pragma once
// crypto/testing/known_keys.h — the keys of the RFCs' examples, whose private parts everybody
// knows.

#include <string_view>

#include "crypto/hash.h"
#include "crypto/signing_key.h"

namespace entrepot::crypto::testing {

// PKCS#8 around the private part `d` of a JWK: what comes before it is the same for each key.
inline Bytes pkcs8_of(SigningAlgorithm algorithm, std::string_view d) {
  constexpr std::string_view kBeforeEs256 =
      "3041020100301306072a8648ce3d020106082a8648ce3d030107042730250201010420";
  constexpr std::string_view kBeforeEdDsa = "302e020100300506032b657004220420";
  const bool is_curve = algorithm == SigningAlgorithm::Es256;
  return from_hex(is_curve ? kBeforeEs256 : kBeforeEdDsa).value() + from_base64url(d).value();
}

// RFC 7515 A.3 (ES256) and RFC 8037 A.1 (EdDSA).
inline SigningKey known_key(SigningAlgorithm algorithm) {
  const std::string_view d = algorithm == SigningAlgorithm::Es256
                                 ? "jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI"
                                 : "nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A";
  return SigningKey::from_pkcs8(pkcs8_of(algorithm, d)).value();
}

}  // namespace entrepot::crypto::testing
