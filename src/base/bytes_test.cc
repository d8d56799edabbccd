#include "base/bytes.h"

#include <gtest/gtest.h>

namespace entrepot {
namespace {

TEST(ByteRange, EndsBehindItsLastByte) {
  EXPECT_EQ((ByteRange{.offset_bytes = 3, .length_bytes = 4}.end_bytes()), 7u);
  EXPECT_EQ(ByteRange{}.end_bytes(), 0u);
}

TEST(Utf8CharacterLength, OfWellFormedCharacters) {
  EXPECT_EQ(utf8_character_length("a"), 1u);
  EXPECT_EQ(utf8_character_length(std::string_view("\0", 1)), 1u);
  EXPECT_EQ(utf8_character_length("\u0080"), 2u);
  EXPECT_EQ(utf8_character_length("\u07ff"), 2u);
  EXPECT_EQ(utf8_character_length("\u0800"), 3u);
  EXPECT_EQ(utf8_character_length("\ud7ff"), 3u);
  EXPECT_EQ(utf8_character_length("\ue000"), 3u);
  EXPECT_EQ(utf8_character_length("\uffff"), 3u);
  EXPECT_EQ(utf8_character_length("\U00010000"), 4u);
  EXPECT_EQ(utf8_character_length("\U0010ffff"), 4u);
  EXPECT_EQ(utf8_character_length("éa"), 2u);
}

// Stray continuations, overlong forms, surrogates, past U+10FFFF, cut off.
TEST(Utf8CharacterLength, OfEverythingElseIsZero) {
  for (const std::string_view text :
       {"", "\x80", "\xbf", "\xff", "\xc3", "\xc3z", "\xc0\xaf", "\xc1\xbf", "\xe2\x82",
        "\xe2\x82z", "\xe0\x9f\xbf", "\xed\xa0\x80", "\xed\xbf\xbf", "\xf0\x8f\xbf\xbf",
        "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf0\x9f\x98", "\xf0\x9f\x98z"}) {
    EXPECT_EQ(utf8_character_length(text), 0u) << text.size();
  }
}

}  // namespace
}  // namespace entrepot
