#include "crypto/signing_key.h"

#include <set>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/testing/assert_ok.h"
#include "crypto/testing/known_keys.h"

namespace entrepot::crypto {
namespace {

using testing::known_key;

class SigningKeyOf : public ::testing::TestWithParam<SigningAlgorithm> {
 protected:
  static SigningKey generate() { return SigningKey::generate(GetParam()).value(); }
  static Bytes sign(const SigningKey& key, ByteView message) { return key.sign(message).value(); }
  static bool verifies(const SigningKey& key, ByteView message, ByteView signature) {
    const auto result = key.public_key().verify(message, signature);
    EXPECT_OK(result);
    return result.value_or(false);
  }
};

TEST_P(SigningKeyOf, WhatItSignsIsVerified) {
  const SigningKey key = generate();
  EXPECT_EQ(key.public_key().algorithm(), GetParam());
  for (const Bytes& message : {Bytes(), Bytes("m"), Bytes(3, '\0'), Bytes(100'000, 'x')}) {
    const auto signature = key.sign(message);
    ASSERT_OK(signature);
    EXPECT_EQ(signature->size(), 64u);
    EXPECT_TRUE(verifies(key, message, *signature));
    EXPECT_FALSE(verifies(key, message + "x", *signature));
    EXPECT_FALSE(verifies(generate(), message, *signature));
  }
}

// r and s of ES256 have leading zeros now and then: they are 32 octets nevertheless.
TEST_P(SigningKeyOf, SignaturesAreOfOneLength) {
  const SigningKey key = generate();
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(sign(key, std::to_string(i)).size(), 64u);
}

TEST_P(SigningKeyOf, ChangedSignatureIsNone) {
  const SigningKey key = known_key(GetParam());
  const Bytes signature = sign(key, "message");
  for (std::size_t i = 0; i < signature.size(); ++i) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes other = signature;
      other[i] = static_cast<char>(other[i] ^ (1 << bit));
      ASSERT_FALSE(verifies(key, "message", other)) << i;
    }
    ASSERT_FALSE(verifies(key, "message", ByteView(signature).substr(0, i))) << i;
  }
  EXPECT_FALSE(verifies(key, "message", signature + '\0'));
  EXPECT_FALSE(verifies(key, "message", Bytes(64, '\0')));
  EXPECT_FALSE(verifies(key, "message", Bytes(64, '\xff')));
}

TEST_P(SigningKeyOf, ComesBackFromItsBytes) {
  const SigningKey key = generate();
  const auto der = key.pkcs8();
  ASSERT_OK(der);
  const auto back = SigningKey::from_pkcs8(*der);
  ASSERT_OK(back);
  EXPECT_EQ(back->public_key().jwk(), key.public_key().jwk());
  EXPECT_TRUE(verifies(key, "message", sign(*back, "message")));
  for (std::size_t size = 0; size < der->size(); ++size) {
    EXPECT_FAILS(InvalidArgument, SigningKey::from_pkcs8(ByteView(*der).substr(0, size))) << size;
  }
  EXPECT_FAILS(InvalidArgument, SigningKey::from_pkcs8(*der + '\0'));
}

// Either it is refused, or it is a whole key: what it signs its public part verifies.
TEST_P(SigningKeyOf, DamagedBytesAreNoHalfKey) {
  const Bytes der = known_key(GetParam()).pkcs8().value();
  for (std::size_t i = 0; i < der.size(); ++i) {
    Bytes damaged = der;
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    const auto key = SigningKey::from_pkcs8(damaged);
    if (key) {
      EXPECT_TRUE(verifies(*key, "m", sign(*key, "m"))) << i;
    }
  }
}

TEST_P(SigningKeyOf, EachIsAnother) {
  std::set<std::string> ids;
  for (int i = 0; i < 20; ++i) ids.insert(generate().public_key().id());
  EXPECT_EQ(ids.size(), 20u);
}

// A rotated key's public part goes on verifying what was signed before.
TEST_P(SigningKeyOf, PublicPartOutlivesIt) {
  auto key = std::make_unique<SigningKey>(generate());
  const Bytes signature = sign(*key, "message");
  const PublicKey public_key = key->public_key();
  key.reset();
  EXPECT_TRUE(public_key.verify("message", signature).value());
}

// TLS on the same thread asks OpenSSL for the errors of its own calls.
TEST_P(SigningKeyOf, LeavesNoErrorsBehind) {
  const SigningKey key = known_key(GetParam());
  EXPECT_FALSE(verifies(key, "message", Bytes(64, '\xff')));
  EXPECT_EQ(::ERR_peek_error(), 0u);
  EXPECT_FAILS(InvalidArgument, SigningKey::from_pkcs8("no key"));
  EXPECT_EQ(::ERR_peek_error(), 0u);
}

// An error of somebody else's, made before, decides nothing.
TEST_P(SigningKeyOf, BelievesNoErrorOfOthers) {
  ERR_raise(ERR_LIB_USER, ERR_R_MALLOC_FAILURE);
  EXPECT_FALSE(verifies(known_key(GetParam()), "message", Bytes(64, '\xff')));
}

INSTANTIATE_TEST_SUITE_P(Both, SigningKeyOf,
                         ::testing::Values(SigningAlgorithm::Es256, SigningAlgorithm::EdDsa),
                         [](const auto& kind) { return std::string(name_of(kind.param)); });

// --- Known answers -------------------------------------------------------------------------------

TEST(SigningKey, JwkOfEs256IsThatOfRfc7515) {
  const PublicKey key = known_key(SigningAlgorithm::Es256).public_key();
  EXPECT_EQ(key.id(), to_base64url(hash(HashAlgorithm::Sha256,
                                        R"({"crv":"P-256","kty":"EC",)"
                                        R"("x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
                                        R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})")));
  EXPECT_EQ(key.jwk(), R"({"crv":"P-256","kty":"EC",)"
                       R"("x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
                       R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0",)"
                       R"("alg":"ES256","kid":")" +
                           key.id() + R"(","use":"sig"})");
}

// RFC 8037 A.2 and A.3.
TEST(SigningKey, JwkAndThumbprintOfEdDsaAreThoseOfRfc8037) {
  const PublicKey key = known_key(SigningAlgorithm::EdDsa).public_key();
  EXPECT_EQ(key.id(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
  EXPECT_EQ(key.jwk(), R"({"crv":"Ed25519","kty":"OKP",)"
                       R"("x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",)"
                       R"("alg":"EdDSA","kid":"kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k",)"
                       R"("use":"sig"})");
}

// RFC 8032 §7.1, test 1.
TEST(SigningKey, EdDsaSignsAsRfc8032) {
  EXPECT_EQ(to_hex(known_key(SigningAlgorithm::EdDsa).sign("").value()),
            "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bac"
            "c61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b");
}

// RFC 8032 §5.1.7: S is less than the order of the group, or one message had many signatures.
TEST(SigningKey, EdDsaHasOneSignatureForAMessage) {
  const SigningKey key = known_key(SigningAlgorithm::EdDsa);
  Bytes signature = key.sign("message").value();
  const Bytes order =
      from_hex("edd3f55c1a631258d69cf7a2def9de1400000000000000000000000000000010").value();
  unsigned carry = 0;
  for (std::size_t i = 0; i < order.size(); ++i) {
    carry +=
        static_cast<unsigned char>(signature[32 + i]) + 0u + static_cast<unsigned char>(order[i]);
    signature[32 + i] = static_cast<char>(carry & 255);
    carry >>= 8;
  }
  ASSERT_EQ(carry, 0u);
  EXPECT_FALSE(key.public_key().verify("message", signature).value());
}

TEST(SigningKey, ZerosAreNoSignatureOfEs256) {
  const SigningKey key = known_key(SigningAlgorithm::Es256);
  const Bytes order =
      from_hex("ffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551").value();
  const Bytes zero(32, '\0');
  const Bytes r = key.sign("message").value().substr(0, 32);
  for (const Bytes& signature : {zero + zero, zero + r, r + zero, order + order, r + order}) {
    EXPECT_FALSE(key.public_key().verify("message", signature).value());
  }
}

// --- Other keys ----------------------------------------------------------------------------------

Bytes pkcs8_of(EVP_PKEY* key) {
  PKCS8_PRIV_KEY_INFO* const info = ::EVP_PKEY2PKCS8(key);
  Bytes der(static_cast<std::size_t>(::i2d_PKCS8_PRIV_KEY_INFO(info, nullptr)), '\0');
  auto* out = reinterpret_cast<unsigned char*>(der.data());
  ::i2d_PKCS8_PRIV_KEY_INFO(info, &out);
  ::PKCS8_PRIV_KEY_INFO_free(info);
  ::EVP_PKEY_free(key);
  return der;
}

TEST(SigningKey, OtherKindsOfKeysAreUnsupported) {
  EXPECT_FAILS(Unsupported, SigningKey::from_pkcs8(pkcs8_of(EVP_EC_gen("P-384"))));
  EXPECT_FAILS(Unsupported, SigningKey::from_pkcs8(pkcs8_of(EVP_EC_gen("secp256k1"))));
  EXPECT_FAILS(Unsupported, SigningKey::from_pkcs8(pkcs8_of(EVP_RSA_gen(1024))));
  EXPECT_FAILS(Unsupported,
               SigningKey::from_pkcs8(pkcs8_of(::EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519"))));
  EXPECT_FAILS(Unsupported,
               SigningKey::from_pkcs8(pkcs8_of(::EVP_PKEY_Q_keygen(nullptr, nullptr, "ED448"))));
}

// The public point inside of a private key's bytes is another's.
TEST(SigningKey, PartsThatContradictEachOtherAreRefused) {
  Bytes der = SigningKey::generate(SigningAlgorithm::Es256).value().pkcs8().value();
  const Bytes other = SigningKey::generate(SigningAlgorithm::Es256).value().pkcs8().value();
  ASSERT_EQ(der.size(), other.size());
  der.replace(der.size() - 64, 64, other.substr(other.size() - 64));
  EXPECT_FAILS(InvalidArgument, SigningKey::from_pkcs8(der));
}

// 0 and the group's order are no private keys.
TEST(SigningKey, NumbersOutsideOfTheGroupAreRefused) {
  EXPECT_FAILS(InvalidArgument, SigningKey::from_pkcs8(testing::pkcs8_of(
                                    SigningAlgorithm::Es256, to_base64url(Bytes(32, '\0')))));
  EXPECT_FAILS(InvalidArgument, SigningKey::from_pkcs8(testing::pkcs8_of(
                                    SigningAlgorithm::Es256, to_base64url(Bytes(32, '\xff')))));
}

}  // namespace
}  // namespace entrepot::crypto
