#include "http/server/internal/characters.h"

#include <string>

#include <gtest/gtest.h>

namespace entrepot::http::server::internal {
namespace {

TEST(CharactersTest, EachByteAtEachPlaceIsJudgedAsTheTableSays) {
  for (const char around : {'a', '\x7e', '\x80', '\xff', '\t', ' '}) {
    for (std::size_t length = 0; length <= 19; ++length) {
      std::string text(length, around);
      EXPECT_TRUE(is_field_value(text));
      for (std::size_t at = 0; at < length; ++at) {
        for (unsigned c = 0; c < 256; ++c) {
          text[at] = static_cast<char>(c);
          ASSERT_EQ(is_field_value(text), is(text[at], kFieldValue))
              << length << " " << at << " " << c;
        }
        text[at] = around;
      }
    }
  }
}

}  // namespace
}  // namespace entrepot::http::server::internal
