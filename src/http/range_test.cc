#include "http/range.h"

#include <algorithm>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "http/server/testing/request.h"

namespace entrepot::http {
namespace {

constexpr std::string_view kEtag = "\"sha256:abc\"";

std::string shown(const ByteRange& range) {
  return std::to_string(range.offset_bytes) + "+" + std::to_string(range.length_bytes);
}

// "whole", "416", or "offset+length", several behind one another.
std::string choose(const server::testing::Headers& headers, std::uint64_t size = 1000,
                   std::string_view method = "GET") {
  const Request request = server::testing::make_request(method, "/", headers);
  const RangeAnswer answer = choose_range(request, size, kEtag);
  if (std::holds_alternative<WholeBody>(answer)) return "whole";
  if (std::holds_alternative<Unsatisfiable>(answer)) return "416";
  if (const auto* range = std::get_if<ByteRange>(&answer)) return shown(*range);
  std::string all;
  for (const ByteRange& range : std::get<SeveralRanges>(answer).ranges) {
    all += (all.empty() ? "" : " ") + shown(range);
  }
  return all;
}

std::string choose(const std::string& range, std::uint64_t size = 1000) {
  return choose(server::testing::Headers{{"Range", range}}, size);
}

TEST(ChooseRange, WithoutRangeTheWholeBody) {
  EXPECT_EQ(choose(server::testing::Headers{}), "whole");
}

TEST(ChooseRange, FirstToLast) {
  EXPECT_EQ(choose("bytes=0-499"), "0+500");
  EXPECT_EQ(choose("bytes=500-999"), "500+500");
  EXPECT_EQ(choose("bytes=0-0"), "0+1");
  EXPECT_EQ(choose("bytes=999-999"), "999+1");
  EXPECT_EQ(choose("bytes= 1-2 "), "1+2");
  EXPECT_EQ(choose("BYTES=1-2"), "1+2");
  EXPECT_EQ(choose("bytes=007-008"), "7+2");
}

TEST(ChooseRange, TheEndIsCutToTheBody) {
  EXPECT_EQ(choose("bytes=0-"), "0+1000");
  EXPECT_EQ(choose("bytes=998-"), "998+2");
  EXPECT_EQ(choose("bytes=0-1000"), "0+1000");
  EXPECT_EQ(choose("bytes=990-99999999999999999999999999"), "990+10");
}

TEST(ChooseRange, LastBytes) {
  EXPECT_EQ(choose("bytes=-1"), "999+1");
  EXPECT_EQ(choose("bytes=-1000"), "0+1000");
  EXPECT_EQ(choose("bytes=-1001"), "0+1000");
  EXPECT_EQ(choose("bytes=-99999999999999999999999999"), "0+1000");
  EXPECT_EQ(choose("bytes=-0"), "416");
}

TEST(ChooseRange, BehindTheEndIsUnsatisfiable) {
  EXPECT_EQ(choose("bytes=1000-"), "416");
  EXPECT_EQ(choose("bytes=1000-1001"), "416");
  EXPECT_EQ(choose("bytes=99999999999999999999999999-"), "416");
}

// RFC 9110 lets a server ignore it; the distribution-spec's suite wants 416.
TEST(ChooseRange, LastBeforeFirstIsUnsatisfiable) {
  EXPECT_EQ(choose("bytes=500-0"), "416");
  EXPECT_EQ(choose("bytes=2-1"), "416");
}

TEST(ChooseRange, AnEmptyBodyHasNoRange) {
  EXPECT_EQ(choose("bytes=0-", 0), "416");
  EXPECT_EQ(choose("bytes=0-0", 0), "416");
  EXPECT_EQ(choose("bytes=-5", 0), "whole");
  EXPECT_EQ(choose("bytes=-0", 0), "416");
}

TEST(ChooseRange, WhatIsMalformedOrUnknownIsIgnored) {
  for (const char* range : {"", "bytes", "bytes=", "bytes=-", "bytes=a-b", "bytes=1", "bytes=1-2-3",
                            "bytes=+1-2", "bytes=1-+2", "bytes=0x1-2", "bytes=1 - 2", "bytes=--1",
                            "bytes=1.0-2", "lines=1-2", "bytes 1-2", "bytes=1-2;", "seconds=1-2"}) {
    EXPECT_EQ(choose(range), "whole") << range;
  }
}

TEST(ChooseRange, SeveralRangesComeInTheOrderAsked) {
  EXPECT_EQ(choose("bytes=0-1,4-5"), "0+2 4+2");
  EXPECT_EQ(choose("bytes=4-5,0-1"), "4+2 0+2");
  EXPECT_EQ(choose("bytes=0-1, -5\t,\t500-509"), "0+2 995+5 500+10");
  EXPECT_EQ(choose("bytes=0-1,2-3"), "0+2 2+2") << "side by side, and still two";
  EXPECT_EQ(choose("bytes=,0-1,, ,4-5,"), "0+2 4+2");
}

TEST(ChooseRange, OfSeveralThoseOutsideAreLeftOut) {
  EXPECT_EQ(choose("bytes=0-1,1000-"), "0+2");
  EXPECT_EQ(choose("bytes=0-1,-0,5-6"), "0+2 5+2");
  EXPECT_EQ(choose("bytes=1000-,2000-2001"), "416");
  EXPECT_EQ(choose("bytes=,0-1"), "0+2");
  EXPECT_EQ(choose("bytes=0-0,4-5", 0), "416");
}

// Nobody gets more bytes than the body has by asking for it piece by piece.
TEST(ChooseRange, RangesThatOverlapAreAnsweredWhole) {
  EXPECT_EQ(choose("bytes=0-1,1-2"), "whole");
  EXPECT_EQ(choose("bytes=5-6,0-9"), "whole");
  EXPECT_EQ(choose("bytes=0-,-1"), "whole");
  EXPECT_EQ(choose("bytes=990-995,-5"), "whole");
  EXPECT_EQ(choose("bytes=0-0,2-2,0-0"), "whole");
}

TEST(ChooseRange, OneMalformedRangeSpoilsAll) {
  for (const char* range :
       {"bytes=0-1,x", "bytes=0-1;4-5,6-7", "bytes=0-1,5", "bytes=0-1,2--3", "bytes=0-1,9-8",
        "bytes=500-0,1-2", "bytes=0-1,-", "bytes=,", "bytes=,,,", "bytes=0-1,bytes=4-5"}) {
    EXPECT_EQ(choose(range), "whole") << range;
  }
}

TEST(ChooseRange, AsManyRangesAsPodmanAsksForAndNoMore) {
  const auto many = [](std::size_t count, std::string_view range) {
    std::string list = "bytes=";
    for (std::size_t i = 0; i < count; ++i) {
      list += range.empty() ? fmt::format("{}-{},", i * 2, i * 2) : std::string(range);
    }
    return list;
  };
  const std::string most = choose(many(kMaxRanges, ""), 10'000);
  EXPECT_EQ(std::count(most.begin(), most.end(), '+'), 1024);
  EXPECT_EQ(choose(many(kMaxRanges + 1, ""), 10'000), "whole");
  EXPECT_EQ(choose(many(kMaxRanges + 1, "5000-,")), "whole") << "counted as asked";
}

TEST(ChooseRange, IsForGetAlone) {
  EXPECT_EQ(choose({{"Range", "bytes=0-1"}}, 1000, "HEAD"), "whole");
  EXPECT_EQ(choose({{"Range", "bytes=0-1"}}, 1000, "PUT"), "whole");
}

TEST(ChooseRange, IfRangeMustMatchStrongly) {
  const auto with = [](std::string condition) {
    return choose({{"Range", "bytes=0-1"}, {"If-Range", std::move(condition)}});
  };
  EXPECT_EQ(with("\"sha256:abc\""), "0+2");
  EXPECT_EQ(choose({{"Range", "bytes=0-1,4-5"}, {"If-Range", "\"other\""}}), "whole");
  EXPECT_EQ(with("\"other\""), "whole");
  EXPECT_EQ(with("W/\"sha256:abc\""), "whole");
  EXPECT_EQ(with("sha256:abc"), "whole");
  EXPECT_EQ(with("Sun, 06 Nov 1994 08:49:37 GMT"), "whole");
  EXPECT_EQ(with(""), "whole");
}

TEST(ChooseRange, IfRangeThatFailsHidesAnUnsatisfiableRange) {
  EXPECT_EQ(choose({{"Range", "bytes=5000-"}, {"If-Range", "\"other\""}}), "whole");
}

bool hits(const std::vector<std::string>& lines) {
  server::testing::Headers headers;
  for (const std::string& line : lines) headers.emplace_back("If-None-Match", line);
  return none_match_hits(server::testing::make_request("GET", "/", headers), kEtag);
}

TEST(NoneMatch, FindsTheTagInTheList) {
  EXPECT_TRUE(hits({"\"sha256:abc\""}));
  EXPECT_TRUE(hits({"\"x\", \"sha256:abc\""}));
  EXPECT_TRUE(hits({"\"x\"\t,\t\"sha256:abc\" , \"y\""}));
  EXPECT_TRUE(hits({"\"a,b\",\"sha256:abc\""}));
  EXPECT_TRUE(hits({"\"x\"", "\"sha256:abc\""}));
  EXPECT_TRUE(hits({"*"}));
}

TEST(NoneMatch, ComparesWeakly) { EXPECT_TRUE(hits({"W/\"sha256:abc\""})); }

// RFC 9110 wants quotes; clients that send the digest as it stands mean the same.
TEST(NoneMatch, QuotesMayBeMissing) {
  EXPECT_TRUE(hits({"sha256:abc"}));
  EXPECT_TRUE(hits({"W/sha256:abc"}));
  EXPECT_TRUE(hits({"x , sha256:abc\t, y"}));
  EXPECT_TRUE(hits({"\"x\", sha256:abc"}));
  EXPECT_TRUE(hits({",,sha256:abc"}));
}

TEST(NoneMatch, MissesOthers) {
  EXPECT_FALSE(hits({}));
  EXPECT_FALSE(hits({""}));
  EXPECT_FALSE(hits({"\"sha256:abcd\""}));
  EXPECT_FALSE(hits({"sha256:abcd"}));
  EXPECT_FALSE(hits({"sha256:abc\""}));
  EXPECT_FALSE(hits({",,,"}));
  EXPECT_FALSE(hits({"\"x\" \"sha256:abc\""}));
  EXPECT_FALSE(hits({"\"sha256:abc"}));
  EXPECT_FALSE(hits({"w/\"sha256:abc\""}));
}

TEST(EntityTags, AreReadWithAndWithoutQuotes) {
  const auto match = [](const server::testing::Headers& headers) {
    return if_match(server::testing::make_request("PUT", "/", headers));
  };
  EXPECT_FALSE(match({}));
  EXPECT_TRUE(match({{"If-Match", " * "}})->any);
  EXPECT_FALSE(match({{"If-Match", "\"*\""}})->any) << "a tag that looks like it";
  EXPECT_EQ(match({{"If-Match", "\"a\", b"}, {"If-Match", "\"c\""}})->opaque,
            (std::vector<std::string>{"a", "b", "c"}));
  EXPECT_EQ(match({{"If-Match", "W/\"a\", \"b\""}})->opaque, std::vector<std::string>{"b"})
      << "weak tags match nothing strongly";
  EXPECT_EQ(if_none_match(server::testing::make_request("PUT", "/", {{"If-None-Match", "W/\"a\""}}))
                ->opaque,
            std::vector<std::string>{"a"});
  EXPECT_TRUE(match({{"If-Match", ""}})->opaque.empty());
}

}  // namespace
}  // namespace entrepot::http
