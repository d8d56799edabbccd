#include "http/router.h"

#include <gtest/gtest.h>

namespace entrepot::http {
namespace {

// "a|b" for what stood in the placeholders, "-" for no match.
std::string match(std::string_view pattern, std::string_view path) {
  const auto found = match_path(pattern, path);
  if (!found) return "-";
  std::string joined;
  for (std::size_t i = 0; i < found->count; ++i) {
    if (i > 0) joined += '|';
    joined += found->values[i];
  }
  return joined;
}

TEST(MatchPath, LiteralsMatchThemselves) {
  EXPECT_EQ(match("/", "/"), "");
  EXPECT_EQ(match("/v2/", "/v2/"), "");
  EXPECT_EQ(match("/v2/", "/v2"), "-");
  EXPECT_EQ(match("/v2", "/v2/"), "-");
  EXPECT_EQ(match("/v2/_catalog", "/v2/_catalog"), "");
  EXPECT_EQ(match("/v2/_catalog", "/v2/_catalog/"), "-");
  EXPECT_EQ(match("/v2/_catalog", "/V2/_catalog"), "-");
}

TEST(MatchPath, APlaceholderIsOneNonEmptySegment) {
  EXPECT_EQ(match("/a/<x>/c", "/a/b/c"), "b");
  EXPECT_EQ(match("/a/<x>/c", "/a//c"), "-");
  EXPECT_EQ(match("/a/<x>", "/a/b/c"), "-");
  EXPECT_EQ(match("/a/<x>", "/a/"), "-");
  EXPECT_EQ(match("/<x>/<y>", "/1/2"), "1|2");
}

TEST(MatchPath, NameTakesAsManySegmentsAsItCan) {
  EXPECT_EQ(match("/v2/<name>/blobs/<digest>", "/v2/a/blobs/d"), "a|d");
  EXPECT_EQ(match("/v2/<name>/blobs/<digest>", "/v2/a/b/c/blobs/d"), "a/b/c|d");
  EXPECT_EQ(match("/v2/<name>/blobs/<digest>", "/v2/blobs/blobs/d"), "blobs|d");
  EXPECT_EQ(match("/v2/<name>/blobs/<digest>", "/v2/a/blobs/b/blobs/d"), "a/blobs/b|d");
  EXPECT_EQ(match("/v2/<name>/blobs/uploads/", "/v2/a/blobs/uploads/"), "a");
  EXPECT_EQ(match("/v2/<name>/blobs/uploads/", "/v2/a/blobs/uploads"), "-");
  EXPECT_EQ(match("/v2/<name>/blobs/uploads/<id>", "/v2/a/b/blobs/uploads/7"), "a/b|7");
  EXPECT_EQ(match("/<org>/<name>/x/<y>", "/o/a/b/x/z"), "o|a/b|z");
}

TEST(MatchPath, NameIsNeverEmpty) {
  EXPECT_EQ(match("/v2/<name>/tags/list", "/v2/tags/list"), "-");
  EXPECT_EQ(match("/v2/<name>/tags/list", "/v2//tags/list"), "-");
  EXPECT_EQ(match("/v2/<name>", "/v2/"), "-");
  EXPECT_EQ(match("/v2/<name>", "/v2"), "-");
}

// What the name may hold is for its parser to say, which can say it better than 404.
TEST(MatchPath, NameIsHandedOnAsItIs) {
  EXPECT_EQ(match("/v2/<name>/tags/list", "/v2/a//b/tags/list"), "a//b");
  EXPECT_EQ(match("/v2/<name>/tags/list", "/v2/../a/tags/list"), "../a");
  EXPECT_EQ(match("/v2/<name>/tags/list", "/v2/%2e%2E/tags/list"), "%2e%2E");
}

TEST(MatchPath, RefusesWhatIsNoPath) {
  EXPECT_EQ(match("/a", ""), "-");
  EXPECT_EQ(match("/a", "a"), "-");
  EXPECT_EQ(match("/a", "*"), "-");
}

TEST(PercentDecode, DecodesEscapesOnce) {
  EXPECT_EQ(percent_decode("a%2Fb%3a%25", false), "a/b:%");
  EXPECT_EQ(percent_decode("%252e", false), "%2e");
  EXPECT_EQ(percent_decode("", false), "");
}

TEST(PercentDecode, PlusIsABlankInQueriesOnly) {
  EXPECT_EQ(percent_decode("a+b", true), "a b");
  EXPECT_EQ(percent_decode("a+b", false), "a+b");
  EXPECT_EQ(percent_decode("a%2Bb", true), "a+b");
}

TEST(PercentDecode, RefusesBadEscapesAndNul) {
  for (const char* bad : {"%", "%1", "a%g0", "%0g", "% 1", "%-1", "%00", "a%"}) {
    EXPECT_EQ(percent_decode(bad, false), std::nullopt) << bad;
  }
  EXPECT_EQ(percent_decode(std::string_view("a\0b", 3), false), std::nullopt);
}

}  // namespace
}  // namespace entrepot::http
