#include "crypto/hash.h"

#include <random>
#include <set>

#include "base/testing/assert_ok.h"

namespace entrepot::crypto {
namespace {

std::string hex_of(HashAlgorithm algorithm, std::string_view bytes) {
  return to_hex(hash(algorithm, bytes));
}

// FIPS 180-4 examples (NIST, "Examples with Intermediate Values").
TEST(Hash, KnownAnswers) {
  EXPECT_EQ(hex_of(HashAlgorithm::Sha256, ""),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(hex_of(HashAlgorithm::Sha256, "abc"),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex_of(HashAlgorithm::Sha512, "abc"),
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
            "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f");
}

class HasherOf : public ::testing::TestWithParam<HashAlgorithm> {
 protected:
  // Bytes that look random and are the same in each run.
  static Bytes bytes(std::size_t count) {
    std::mt19937 random(7);
    Bytes out(count, '\0');
    for (char& c : out) c = static_cast<char>(random());
    return out;
  }
};

// Whatever the pieces, and with a save and restore between any two of them, the hash is the same.
TEST_P(HasherOf, PiecesSavedAndRestoredHashAsOne) {
  const Bytes whole = bytes(1000);
  for (std::size_t cut = 0; cut <= whole.size(); cut += 7) {
    Hasher first(GetParam());
    first.update(ByteView(whole).substr(0, cut));
    auto second = Hasher::restore(first.save());
    ASSERT_OK(second);
    EXPECT_EQ(second->algorithm(), GetParam());
    second->update(ByteView(whole).substr(cut));
    ASSERT_EQ(second->value(), hash(GetParam(), whole)) << "cut at " << cut;
  }
}

TEST_P(HasherOf, ValueDoesNotEndIt) {
  Hasher hasher(GetParam());
  hasher.update("ab");
  EXPECT_EQ(hasher.value(), hash(GetParam(), "ab"));
  hasher.update("c");
  EXPECT_EQ(hasher.value(), hash(GetParam(), "abc"));
}

TEST_P(HasherOf, CopyGoesOnByItself) {
  Hasher hasher(GetParam());
  hasher.update("a");
  Hasher copy = hasher;
  copy.update("b");
  hasher.update("c");
  EXPECT_EQ(copy.value(), hash(GetParam(), "ab"));
  EXPECT_EQ(hasher.value(), hash(GetParam(), "ac"));
  hasher = copy;
  EXPECT_EQ(hasher.value(), hash(GetParam(), "ab"));
}

// A state comes back from a disk: no damage to it may be believed or lead outside of a buffer.
TEST_P(HasherOf, DamagedStateIsRefused) {
  Hasher hasher(GetParam());
  hasher.update("some bytes");
  const Bytes state = hasher.save();
  for (std::size_t i = 0; i < state.size(); ++i) {
    Bytes damaged = state;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x41);
    ASSERT_FAILS(InvalidArgument, Hasher::restore(damaged)) << "octet " << i;
    ASSERT_FAILS(InvalidArgument, Hasher::restore(ByteView(state).substr(0, i))) << i;
  }
  EXPECT_FAILS(InvalidArgument, Hasher::restore(state + "x"));
}

INSTANTIATE_TEST_SUITE_P(Both, HasherOf,
                         ::testing::Values(HashAlgorithm::Sha256, HashAlgorithm::Sha512),
                         [](const auto& kind) {
                           return kind.param == HashAlgorithm::Sha256 ? "Sha256" : "Sha512";
                         });

// RFC 4231, test cases 1, 2 and 6.
TEST(Hmac, KnownAnswers) {
  EXPECT_EQ(to_hex(hmac_sha256(Bytes(20, 0x0b), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(to_hex(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(to_hex(hmac_sha256(Bytes(131, static_cast<char>(0xaa)),
                               "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(EqualInConstantTime, ComparesAll) {
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_TRUE(equal_in_constant_time("abc", "abc"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abd"));
  EXPECT_FALSE(equal_in_constant_time("xbc", "abc"));
  EXPECT_FALSE(equal_in_constant_time("abc", "abcd"));
}

TEST(RandomBytes, AreAsManyAsAskedAndDiffer) {
  std::set<Bytes> seen;
  for (int i = 0; i < 100; ++i) seen.insert(random_bytes(16));
  EXPECT_EQ(seen.size(), 100u);
  EXPECT_EQ(random_bytes(0), "");
  EXPECT_EQ(random_bytes(1000).size(), 1000u);
}

TEST(Hex, GoesBothWays) {
  for (const Bytes& bytes : {Bytes(), Bytes("\x00\x7f\x80\xff", 4), random_bytes(33)}) {
    const auto back = from_hex(to_hex(bytes));
    ASSERT_OK(back);
    EXPECT_EQ(*back, bytes);
  }
  EXPECT_EQ(to_hex("\x01\xab"), "01ab");
}

TEST(Hex, RefusesEverythingElse) {
  for (const std::string_view text : {"0", "0g", "AB", " 0", "0x", "00 ", "\xc3\xa9"}) {
    EXPECT_FAILS(InvalidArgument, from_hex(text)) << text;
  }
}

// RFC 4648 §10, in its URL alphabet and without padding.
TEST(Base64url, KnownAnswers) {
  const std::pair<Bytes, std::string> cases[] = {
      {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
      {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xfb\xff\xfe", "-__-"},
  };
  for (const auto& [bytes, text] : cases) {
    EXPECT_EQ(to_base64url(bytes), text);
    const auto back = from_base64url(text);
    ASSERT_OK(back);
    EXPECT_EQ(*back, bytes);
  }
}

TEST(Base64url, GoesBothWaysAtEachLength) {
  for (std::size_t size = 0; size < 70; ++size) {
    const Bytes bytes = random_bytes(size);
    const auto back = from_base64url(to_base64url(bytes));
    ASSERT_OK(back);
    EXPECT_EQ(*back, bytes);
  }
}

// One value has one text: no padding, no other alphabet, no bits behind the last octet.
TEST(Base64url, RefusesEverythingElse) {
  for (const std::string_view text : {"Z", "Zg==", "Zh", "Zm9", "+A", "/A", "Zg\n", "Zm9vY"}) {
    EXPECT_FAILS(InvalidArgument, from_base64url(text)) << text;
  }
}

}  // namespace
}  // namespace entrepot::crypto
