#include "crypto/secret.h"

#include <array>
#include <cmath>
#include <regex>
#include <set>

#include <gtest/gtest.h>

#include "crypto/hash.h"

namespace entrepot::crypto {
namespace {

const std::regex kScanners(R"(\bent_[a-z]{2,8}_[0-9A-Za-z]{49}\b)");

TEST(Secret, LooksAsScannersExpectAndTellsItsKind) {
  for (const std::string kind : {"pat", "rob", "ab", "abcdefgh"}) {
    const std::string secret = make_secret(kind);
    EXPECT_TRUE(std::regex_match(secret, kScanners)) << secret;
    EXPECT_EQ(parse_secret(secret), kind) << secret;
  }
}

// Secrets that are given out must be taken by all later versions. The checksums are zlib's.
TEST(Secret, FormStaysAsItIs) {
  EXPECT_EQ(parse_secret("ent_pat_5SH8rqsYVb5lfTpvUuuUbkZFkqOxXkSzjt2ev7rRbwp2qCoCd"), "pat");
  EXPECT_EQ(parse_secret("ent_robots_00000000000000000000000000000000000000000001MHIvA"), "robots");
  EXPECT_EQ(parse_secret("ent_ref_0000000000000000000000000000000000000000173009dU4"), "ref");
}

TEST(Secret, EachIsAnother) {
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(make_secret("pat"));
  EXPECT_EQ(seen.size(), 1000u);
}

// A character that is favoured would take away from the 256 bits.
TEST(Secret, CharactersAreEquallyLikely) {
  constexpr int kSecrets = 5000;
  std::array<int, 256> count{};
  for (int i = 0; i < kSecrets; ++i) {
    for (const char c : make_secret("pat").substr(8, 43)) ++count[static_cast<unsigned char>(c)];
  }
  const double expected = kSecrets * 43 / 62.0;
  int different = 0;
  for (const int found : count) {
    if (found == 0) continue;
    ++different;
    EXPECT_LT(std::abs(found - expected), 7 * std::sqrt(expected));  // else once in 10^10 runs
  }
  EXPECT_EQ(different, 62);
}

TEST(Secret, TypingErrorsAreFound) {
  const std::string secret = make_secret("pat");
  for (std::size_t i = 0; i < secret.size(); ++i) {
    EXPECT_EQ(parse_secret(secret.substr(0, i)), std::nullopt) << i;
    EXPECT_EQ(parse_secret(secret.substr(i + 1)), std::nullopt) << i;
    for (int c = 0; c < 256; ++c) {
      std::string other = secret;
      other[i] = static_cast<char>(c);
      if (other == secret) continue;
      ASSERT_EQ(parse_secret(other), std::nullopt) << i << " " << c;
    }
    if (i == 0 || secret[i] == secret[i - 1]) continue;
    std::string swapped = secret;
    std::swap(swapped[i], swapped[i - 1]);
    EXPECT_EQ(parse_secret(swapped), std::nullopt) << i;
  }
  for (const std::string& text : {secret + "x", secret + "\n", " " + secret, secret + secret,
                                  secret + std::string(1, '\0'), std::string()}) {
    EXPECT_EQ(parse_secret(text), std::nullopt) << text;
  }
}

TEST(Secret, FingerprintIsTheHashOfTheWholeText) {
  EXPECT_EQ(to_hex(fingerprint_of("abc")),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

TEST(SecretDeathTest, KindIsAShortWord) {
  for (const char* const kind : {"", "a", "abcdefghi", "Pat", "p_t", "p4t"}) {
    EXPECT_DEATH(make_secret(kind), "is_kind") << kind;
  }
}

TEST(OneTimePassword, IsFourGroupsOfCharactersThatDoNotLookAlike) {
  const std::regex form("[b-df-hj-km-np-tv-z2-9]{5}(-[b-df-hj-km-np-tv-z2-9]{5}){3}");
  std::set<std::string> seen;
  std::set<char> characters;
  for (int i = 0; i < 1000; ++i) {
    const std::string password = make_one_time_password();
    ASSERT_TRUE(std::regex_match(password, form)) << password;
    characters.insert(password.begin(), password.end());
    seen.insert(password);
  }
  EXPECT_EQ(seen.size(), 1000u);
  EXPECT_EQ(characters.size(), 28u + 1);
}

}  // namespace
}  // namespace entrepot::crypto
