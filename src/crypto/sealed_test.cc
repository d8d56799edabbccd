#include "crypto/sealed.h"

#include <set>

#include <openssl/err.h>

#include "base/testing/assert_ok.h"
#include "crypto/hash.h"

namespace entrepot::crypto {
namespace {

constexpr std::string_view kPurpose = "signing key";

Bytes sealed_with(const SealingKey& key, ByteView secret) {
  auto sealed = seal(key, kPurpose, secret);
  EXPECT_OK(sealed);
  return sealed.value_or("");
}

TEST(Sealed, OpensUnderTheSameKeyForTheSamePurpose) {
  const SealingKey key = SealingKey::generate();
  for (const std::size_t size : {0u, 1u, 15u, 16u, 17u, 138u, 100'000u}) {
    const Bytes secret = random_bytes(size);
    const Bytes sealed = sealed_with(key, secret);
    EXPECT_EQ(sealed.size(), size + 37);
    const auto opened = open_sealed(key, kPurpose, sealed);
    ASSERT_OK(opened) << size;
    EXPECT_EQ(*opened, secret);
  }
}

// What is at rest must be opened by all later versions. Made with another implementation.
TEST(Sealed, FormStaysAsItIs) {
  Bytes octets;
  for (char c = 0; c < 32; ++c) octets += c;
  const auto key = SealingKey::from(octets);
  ASSERT_OK(key);
  const auto opened = open_sealed(
      *key, kPurpose,
      "sealed-1:" + from_hex("6465666768696a6b6c6d6e6f"
                             "296faa071a8276ff4a423b89ad0b09fdac70995aef1ca954015a8b7b8728")
                        .value());
  ASSERT_OK(opened);
  EXPECT_EQ(*opened, "attack at dawn");
}

TEST(Sealed, HidesTheSecretAndWhetherItIsTheSame) {
  const SealingKey key = SealingKey::generate();
  const Bytes secret = "a secret of some length";
  std::set<Bytes> seen;
  for (int i = 0; i < 100; ++i) {
    const Bytes sealed = sealed_with(key, secret);
    EXPECT_EQ(sealed.find("secret"), Bytes::npos);
    seen.insert(sealed.substr(9 + 12));
  }
  EXPECT_EQ(seen.size(), 100u);
}

TEST(Sealed, WhateverIsTouchedIsCorrupt) {
  const SealingKey key = SealingKey::generate();
  for (const Bytes& secret : {Bytes(), Bytes("a secret of some length")}) {
    const Bytes sealed = sealed_with(key, secret);
    for (std::size_t i = 0; i < sealed.size(); ++i) {
      for (int bit = 0; bit < 8; ++bit) {
        Bytes touched = sealed;
        touched[i] = static_cast<char>(touched[i] ^ (1 << bit));
        ASSERT_FAILS(Corrupt, open_sealed(key, kPurpose, touched)) << i;
      }
      ASSERT_FAILS(Corrupt, open_sealed(key, kPurpose, ByteView(sealed).substr(0, i))) << i;
      ASSERT_FAILS(Corrupt, open_sealed(key, kPurpose, ByteView(sealed).substr(i + 1))) << i;
    }
    EXPECT_FAILS(Corrupt, open_sealed(key, kPurpose, sealed + '\0'));
  }
}

TEST(Sealed, OtherKeyOrPurposeOpensNothing) {
  const SealingKey key = SealingKey::generate();
  const Bytes sealed = sealed_with(key, "secret");
  EXPECT_FAILS(Corrupt, open_sealed(SealingKey::generate(), kPurpose, sealed));
  for (const char* const purpose : {"", "signing", "signing key ", "Signing key", "other"}) {
    EXPECT_FAILS(Corrupt, open_sealed(key, purpose, sealed)) << purpose;
  }
}

TEST(Sealed, SizeHasALimit) {
  const SealingKey key = SealingKey::generate();
  const Bytes most(kMaxSealedBytes, 'x');
  const auto opened = open_sealed(key, kPurpose, sealed_with(key, most));
  ASSERT_OK(opened);
  EXPECT_EQ(*opened, most);
  EXPECT_FAILS(TooLarge, seal(key, kPurpose, most + 'x'));
  EXPECT_FAILS(Corrupt, open_sealed(key, kPurpose, "sealed-1:" + Bytes(2 << 20, 'x')));
}

TEST(Sealed, LeavesNoErrorsBehind) {
  const SealingKey key = SealingKey::generate();
  EXPECT_FAILS(Corrupt, open_sealed(key, "other", sealed_with(key, "secret")));
  EXPECT_EQ(::ERR_peek_error(), 0u);
}

TEST(SealingKey, Has32OctetsAndComesBack) {
  for (const std::size_t size : {0u, 16u, 31u, 33u, 64u}) {
    EXPECT_FAILS(InvalidArgument, SealingKey::from(Bytes(size, 'x'))) << size;
  }
  const SealingKey key = SealingKey::generate();
  EXPECT_NE(key.octets(), SealingKey::generate().octets());
  const auto back = SealingKey::from(key.octets());
  ASSERT_OK(back);
  EXPECT_OK(open_sealed(*back, kPurpose, sealed_with(key, "secret")));
}

}  // namespace
}  // namespace entrepot::crypto
