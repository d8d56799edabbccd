#include "oci/digest.h"

#include <unordered_set>

#include "base/testing/assert_ok.h"

namespace entrepot::oci {
namespace {

const std::string kHex256(64, 'a');
const std::string kHex512(128, '0');

TEST(Digest, ParsesAndPrintsBothAlgorithms) {
  for (const std::string& text : {"sha256:" + kHex256, "sha512:" + kHex512}) {
    const auto digest = Digest::parse(text);
    ASSERT_OK(digest);
    EXPECT_EQ(digest->to_string(), text);
    EXPECT_EQ(std::string(name_of(digest->algorithm())) + ":" + digest->hex(), text);
  }
}

TEST(Digest, OfBytesIsTheirHash) {
  EXPECT_EQ(Digest::of("").to_string(),
            "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(Digest::of("abc", HashAlgorithm::Sha512).hash(),
            crypto::hash(HashAlgorithm::Sha512, "abc"));
}

// Digests become paths and SQL keys: nothing but the exact form may pass (CVE-2024-3727).
TEST(Digest, RefusesEverythingElse) {
  const std::string upper(64, 'A');
  const std::string cases[] = {
      "",
      ":",
      "sha256",
      "sha256:",
      ":" + kHex256,
      "sha256:baddigeststring",
      "sha256:" + kHex256.substr(1),
      "sha256:" + kHex256 + "a",
      "sha256:" + kHex512,
      "sha512:" + kHex256,
      "sha256:" + upper,
      "SHA256:" + kHex256,
      "sha256:../../../../etc/passwd",
      "sha256:" + std::string(61, 'a') + "/..",
      "sha256:" + std::string(63, 'a') + "g",
      "sha256:" + std::string(63, 'a') + " ",
      "sha256:" + std::string(63, 'a') + "\n",
      "sha256:" + std::string(63, 'a') + std::string(1, '\0'),
      "sha256:" + std::string(61, 'a') + "\u0663",  // a digit, but not one of ours
      " sha256:" + kHex256,
      "sha256 :" + kHex256,
      "sha256::" + kHex256,
      "sha256+b64u:LCa0a2j_xo_5m0U8HTBBNBNCLXBkg7-g-YpeiGJm564",
      "md5:d41d8cd98f00b204e9800998ecf8427e",
      "sha384:" + std::string(96, 'a'),
      "blake3:" + kHex256,
      "sha256:" + std::string(1 << 20, 'a'),
  };
  for (const std::string& text : cases) {
    const auto digest = Digest::parse(text);
    ASSERT_FAILS(InvalidArgument, digest) << text;
    EXPECT_LT(digest.error().message.size(), 300u) << "repeats the whole input";
  }
}

TEST(Digest, SaysWhatIsSupported) {
  EXPECT_EQ(Digest::parse("blake3:" + kHex256).error().message,
            "digest algorithm \"blake3\" is not supported: sha256 and sha512 are");
  EXPECT_EQ(Digest::parse("sha256:ab").error().message,
            "\"sha256:ab\": sha256 has 64 hex digits, not 2");
}

TEST(Digest, KeyGoesBothWays) {
  for (const auto algorithm : {HashAlgorithm::Sha256, HashAlgorithm::Sha512}) {
    const Digest digest = Digest::of("bytes", algorithm);
    EXPECT_EQ(digest.key().size(), 1 + crypto::size_of(algorithm));
    const auto back = Digest::from_key(digest.key());
    ASSERT_OK(back);
    EXPECT_EQ(*back, digest);
  }
}

TEST(Digest, DamagedKeyIsCorrupt) {
  const Bytes key = Digest::of("bytes").key();
  Bytes other_algorithm = key;
  other_algorithm[0] = 2;
  for (const Bytes& bad : {Bytes(), key + "x", key.substr(1), other_algorithm, Bytes(33, '\x03')}) {
    EXPECT_FAILS(Corrupt, Digest::from_key(bad));
  }
}

// By algorithm, then by hash: the order in which stores list.
TEST(Digest, OrdersAsItsKeyDoes) {
  const Digest low = Digest::from_hash(HashAlgorithm::Sha256, Bytes(32, '\x01'));
  const Digest high = Digest::from_hash(HashAlgorithm::Sha256, Bytes(32, '\xf0'));
  const Digest other = Digest::from_hash(HashAlgorithm::Sha512, Bytes(64, '\0'));
  EXPECT_LT(low, high);
  EXPECT_LT(high, other);
  EXPECT_LT(low.key(), high.key());
  EXPECT_LT(high.key(), other.key());
}

TEST(Digest, HashTellsDigestsApart) {
  std::unordered_set<std::size_t> hashes;
  const std::hash<Digest> hasher;
  Bytes raw(32, '\0');
  for (std::size_t octet = 0; octet < raw.size(); ++octet) {
    for (int bit = 0; bit < 8; ++bit) {
      Bytes changed = raw;
      changed[octet] = static_cast<char>(1 << bit);
      hashes.insert(hasher(Digest::from_hash(HashAlgorithm::Sha256, changed)));
    }
  }
  EXPECT_EQ(hashes.size(), 256u);
  EXPECT_EQ(hasher(Digest::of("a")), hasher(Digest::of("a")));
}

TEST(Algorithm, KnownUnknownAndMalformed) {
  EXPECT_EQ(*parse_algorithm("sha256"), HashAlgorithm::Sha256);
  EXPECT_EQ(*parse_algorithm("sha512"), HashAlgorithm::Sha512);
  for (const std::string_view name :
       {"sha384", "blake3", "sha256+b64u", "multihash+base58", "md5"}) {
    EXPECT_FAILS(Unsupported, parse_algorithm(name)) << name;
  }
  for (const std::string_view name :
       {"", "SHA256", "sha256 ", "sha 256", "+a", "a+", "a++b", "é"}) {
    EXPECT_FAILS(InvalidArgument, parse_algorithm(name)) << name;
  }
}

}  // namespace
}  // namespace entrepot::oci
