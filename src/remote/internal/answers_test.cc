// The small texts in a registry's answers.

#include "base/testing/assert_ok.h"
#include "base/testing/fake_clock.h"
#include "remote/internal/pace.h"
#include "remote/internal/pages.h"
#include "remote/internal/tokens.h"
#include "remote/internal/transfer.h"

namespace entrepot::remote {
namespace {

using std::chrono::seconds;

TEST(RemoteAnswers, RetryAfterIsSecondsOrADate) {
  const WallTime now = from_unix_micros(784'111'777'000'000);  // Sun, 06 Nov 1994 08:49:37 GMT
  EXPECT_EQ(parse_retry_after("120", now), seconds(120));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:51:37 GMT", now), seconds(120));
  EXPECT_EQ(parse_retry_after("Sun, 06 Nov 1994 08:00:00 GMT", now), seconds(0));
  for (const char* text : {"", "-1", "1.5", "soon", "1s", "99999999999999999999999",
                           "Sun, 06 Nov 1994 08:51:37 CET", "Sun, 06 Nov 1994"}) {
    EXPECT_EQ(parse_retry_after(text, now), std::nullopt) << text;
  }
}

TEST(RemoteAnswers, RestIsAnHourAtMostAndEnds) {
  entrepot::testing::FakeClock clock;
  Pace pace(clock);
  const auto rest = [&](http::client::Headers headers) {
    pace.hear({.status = 429, .headers = std::move(headers)});
    return *pace.rests_until() - clock.steady();
  };
  EXPECT_EQ(pace.rests_until(), std::nullopt);
  EXPECT_EQ(rest({}), seconds(60));
  EXPECT_EQ(rest({{"retry-after", "nonsense"}}), seconds(60));
  EXPECT_EQ(rest({{"Retry-After", "999999999"}}), seconds(3600));
  EXPECT_EQ(rest({{"Retry-After", "20"}}), seconds(20));
  pace.hear({.status = 503, .headers = {{"Retry-After", "500"}}});
  clock.advance(seconds(20));
  EXPECT_EQ(pace.rests_until(), std::nullopt);
}

TEST(RemoteAnswers, RemainingPulls) {
  EXPECT_EQ(parse_remaining("20;w=21600"), 20);
  EXPECT_EQ(parse_remaining("0"), 0);
  for (const char* text : {"", "many", "-1", "20 ;w", "99999999999999999999999"}) {
    EXPECT_EQ(parse_remaining(text), std::nullopt) << text;
  }
}

TEST(RemoteAnswers, TokensAreReadInEachForm) {
  const auto token = parse_token(R"({"token":"abc","access_token":"def","expires_in":300,"x":{}})");
  ASSERT_OK(token);
  EXPECT_EQ(token->text, "abc");
  EXPECT_EQ(token->life, seconds(300));
  for (const char* life : {"", ",\"expires_in\":null", ",\"expires_in\":0", ",\"expires_in\":-5",
                           ",\"expires_in\":\"300\""}) {
    const auto other = parse_token(fmt::format(R"({{"access_token":"def"{}}})", life));
    ASSERT_OK(other) << life;
    EXPECT_EQ(other->text, "def");
    EXPECT_EQ(other->life, seconds(60)) << life;
  }
  EXPECT_EQ(parse_token(R"({"token":"a","expires_in":99999999999})")->life, std::chrono::hours(24));
  for (const char* text : {"", "[]", "{}", R"({"token":""})", R"({"token":1})",
                           R"({"token":"a\r\nX: y"})", R"({"token":"a b"})", "<html>"}) {
    EXPECT_FAILS(InvalidArgument, parse_token(text)) << text;
  }
}

TEST(RemoteAnswers, ContentRange) {
  const auto range = parse_content_range("bytes 5-9/10");
  ASSERT_TRUE(range);
  EXPECT_EQ(range->first, 5);
  EXPECT_EQ(range->last, 9);
  EXPECT_EQ(range->size_bytes, 10);
  EXPECT_EQ(parse_content_range("bytes 5-9/*")->size_bytes, std::nullopt);
  for (const char* text : {"", "5-9/10", "bytes 9-5/10", "bytes 5-10/10", "bytes */10", "bytes 5-9",
                           "bytes 5-9/10x", "bytes -5-9/10", "bytes 5-9/"}) {
    EXPECT_FALSE(parse_content_range(text)) << text;
  }
}

TEST(RemoteAnswers, TheNextPage) {
  const Origin home{.tls = true, .host = "r.io", .port = 443};
  EXPECT_EQ(next_target("</v2/a/tags/list?n=2&last=b>; rel=\"next\"", home),
            "/v2/a/tags/list?n=2&last=b");
  EXPECT_EQ(next_target("</p>; rel=\"prev\", <http://r.io:80/n?x>; rel=next", home), "/n?x");
  for (const char* link : {"", "</n>", "</n>; rel=\"prev\"", "<https://other.io/n>; rel=\"next\"",
                           "<//other.io/n>; rel=\"next\"", "</n; rel=\"next\"", "/n; rel=\"next\"",
                           "</n\r\n>; rel=\"next\""}) {
    EXPECT_EQ(next_target(link, home), std::nullopt) << link;
  }
}

TEST(RemoteAnswers, ListsOfTags) {
  EXPECT_EQ(*parse_tags(R"({"name":"a","tags":["2","1"]})"), (std::vector<std::string>{"2", "1"}));
  EXPECT_EQ(parse_tags(R"({"name":"a","tags":null})")->size(), 0);
  for (const char* text : {"", "[]", R"({"tags":{}})", R"({"tags":[1]})"}) {
    EXPECT_FAILS(InvalidArgument, parse_tags(text)) << text;
  }
}

}  // namespace
}  // namespace entrepot::remote
