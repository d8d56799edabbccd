#include "json/text.h"

#include "base/testing/assert_ok.h"

namespace entrepot::json {
namespace {

std::string again(std::string_view text) {
  const auto document = Document::parse(text, "it");
  EXPECT_OK(document);
  return document ? text_of(document->root()) : "";
}

TEST(TextOf, IsTheValueWithoutBlanks) {
  EXPECT_EQ(again(R"( { "b" : [ 1 , -2, true, false, null, 18446744073709551615 ] , "a" : {} } )"),
            R"({"b":[1,-2,true,false,null,18446744073709551615],"a":{}})");
  EXPECT_EQ(again("[ ]"), "[]");
  EXPECT_EQ(again("[[],[{}],\"\"]"), "[[],[{}],\"\"]");
  EXPECT_EQ(again("0.5"), "0.5");
}

TEST(TextOf, EscapesWhatJsonHasTo) {
  EXPECT_EQ(again(R"(["\u001b[2J \"\\ \u00e4\u00a0"])"), "[\"\\u001b[2J \\\"\\\\ ä\u00a0\"]");
}

TEST(TextOf, SaysTheSameWhenItIsReadAgain) {
  const std::string once = again(R"({"\u0085":"\u0085","x":[{"y":[1,2,{"z":null}]}]})");
  EXPECT_EQ(again(once), once);
}

}  // namespace
}  // namespace entrepot::json
