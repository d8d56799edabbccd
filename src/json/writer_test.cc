#include "json/writer.h"

#include <gtest/gtest.h>

namespace entrepot::json {
namespace {

std::string json_string(std::string_view text) {
  std::string out;
  append_string(out, text);
  return out;
}

TEST(Writer, SetsCommasAndQuotes) {
  std::string out = "before,";
  Writer json(out);
  json.begin_object().member("name", "a").member("size", std::uint64_t{1} << 63);
  json.member("less", -1).member("yes", true).member("no", false);
  json.key("none").begin_array().end_array();
  json.key("tags").begin_array().value("1").value("2").begin_object().end_object();
  json.end_array().key("in").begin_object().member("x", "").end_object().end_object();
  EXPECT_EQ(out, R"(before,{"name":"a","size":9223372036854775808,"less":-1,"yes":true,"no":false,)"
                 R"("none":[],"tags":["1","2",{}],"in":{"x":""}})");
}

// What a text ends with is not taken for a bracket.
TEST(Writer, IsNotMisledByTexts) {
  std::string out;
  Writer json(out);
  json.begin_array().value("{").value("[").value(":").value("\"").value(",").end_array().end_line();
  EXPECT_EQ(out, R"(["{","[",":","\"",","])"
                 "\n");
}

TEST(Writer, EscapesKeys) {
  std::string out;
  Writer json(out);
  json.begin_object().member("a\"b", "c").end_object();
  EXPECT_EQ(out, R"({"a\"b":"c"})");
}

TEST(JsonString, EscapesWhatJsonAsks) {
  EXPECT_EQ(json_string(""), R"("")");
  EXPECT_EQ(json_string(R"(a"b\c/)"), R"("a\"b\\c/")");
  EXPECT_EQ(json_string(std::string("\0\n\x1f", 3)), R"("\u0000\u000a\u001f")");
  EXPECT_EQ(json_string("é€\U0001f600"), "\"é€\U0001f600\"");
}

// RFC 3629: overlong forms, surrogates, past U+10FFFF, cut off, stray continuations.
TEST(JsonString, InvalidUtf8BecomesTheReplacementCharacter) {
  for (const std::string_view bad :
       {"\x80", "\xff", "\xc3", "\xc0\xaf", "\xc1\xbf", "\xe2\x82", "\xe0\x80\xaf", "\xed\xa0\x80",
        "\xf0\x80\x80\x80", "\xf4\x90\x80\x80", "\xf5\x80\x80\x80", "\xf0\x9f\x98"}) {
    std::string replaced = "\"a";
    for (std::size_t i = 0; i < bad.size(); ++i) replaced += "\ufffd";
    EXPECT_EQ(json_string("a" + std::string(bad) + "z"), replaced + "z\"");
  }
}

}  // namespace
}  // namespace entrepot::json
