#include <array>
#include <cstdint>

#include "base/check.h"
#include "crypto/jwt.h"
#include "crypto/testing/known_keys.h"

using namespace entrepot;
using namespace entrepot::crypto;

namespace {

struct Keys {
  SigningKey es256 = testing::known_key(SigningAlgorithm::Es256);
  SigningKey eddsa = testing::known_key(SigningAlgorithm::EdDsa);
  std::array<PublicKey, 2> both = {es256.public_key(), eddsa.public_key()};
};

const Keys& keys() {
  static const Keys mine;
  return mine;
}

Result<VerifiedJwt> verify(std::string_view text) { return verify_jwt(text, keys().both); }

// Behind a good signature each header may stand; only the signer's own algorithm and name will do.
void check_header(const SigningKey& signer, ByteView header) {
  std::string text = to_base64url(header) + ".e30";
  text += "." + to_base64url(signer.sign(text).value());
  const PublicKey& key = signer.public_key();
  if (const auto verified = verify(text)) CHECK(verified->key_id == key.id());
  if (const auto verified = verify_jwt(text, std::span(&key, 1))) {
    CHECK(verified->key_id == key.id() && verified->claims == "{}");
  }
  const PublicKey& other = &signer == &keys().es256 ? keys().both[1] : keys().both[0];
  CHECK(!verify_jwt(text, std::span(&other, 1)));
}

}  // namespace

// What nobody signed is never verified; what is refused, is refused as Unauthenticated.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(reinterpret_cast<const char*>(data), size);
  const auto verified = verify(input);
  CHECK(!verified && verified.error().code == ErrorCode::Unauthenticated);
  if (size > kMaxJwtBytes / 2) return 0;

  check_header(keys().es256, input);
  check_header(keys().eddsa, input);

  // Claims come back as they are, whatever they are.
  const auto text = sign_jwt(keys().eddsa, input);
  CHECK(text.has_value() && verify(*text)->claims == input);
  return 0;
}
