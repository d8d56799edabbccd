#include "http/message.h"

#include <gtest/gtest.h>

#include "http/server/testing/request.h"

namespace entrepot::http {
namespace {

using server::testing::make_request;
using server::testing::request_from;

TEST(Request, TakesTheTargetApart) {
  const Request request = make_request("GET", "/v2/a/tags/list?n=3&last=x");
  EXPECT_EQ(request.method(), Method::Get);
  EXPECT_EQ(request.method_text(), "GET");
  EXPECT_EQ(request.target(), "/v2/a/tags/list?n=3&last=x");
  EXPECT_EQ(request.path(), "/v2/a/tags/list");
  EXPECT_EQ(request.query(), "n=3&last=x");
  EXPECT_FALSE(request.has_body());
  EXPECT_EQ(request.content_length_bytes(), std::nullopt);
}

TEST(Request, KeepsEscapesOfThePath) {
  EXPECT_EQ(make_request("GET", "/v2/a%2Fb/").path(), "/v2/a%2Fb/");
  EXPECT_EQ(make_request("GET", "/a?b?c").query(), "b?c");
  EXPECT_EQ(make_request("GET", "/a?").query(), "");
}

TEST(Request, KnowsItsMethods) {
  for (const Method method : {Method::Get, Method::Head, Method::Post, Method::Put, Method::Patch,
                              Method::Delete, Method::Options}) {
    EXPECT_EQ(make_request(name_of(method), "/").method(), method);
  }
  const Request other = make_request("PROPFIND", "/");
  EXPECT_EQ(other.method(), Method::Other);
  EXPECT_EQ(other.method_text(), "PROPFIND");
  EXPECT_EQ(make_request("get", "/").method(), Method::Other);
}

TEST(Request, FindsHeadersWhateverTheirCase) {
  const Request request = make_request(
      "GET", "/", {{"Accept", "a"}, {"X-Empty", ""}, {"ACCEPT", "b, c"}, {"Via", "  spaced\t"}});
  EXPECT_EQ(request.header("accept"), "a");
  EXPECT_EQ(request.header("X-EMPTY"), "");
  EXPECT_EQ(request.header("Via"), "spaced");
  EXPECT_EQ(request.header("Nope"), std::nullopt);
  EXPECT_EQ(request.headers("Accept"), (std::vector<std::string_view>{"a", "b, c"}));
  EXPECT_TRUE(request.headers("Nope").empty());
}

TEST(Request, DecodesParameters) {
  const Request request =
      make_request("GET", "/?a=1&b=x+y%2Bz&a=2&empty=&flag&d%69gest=sha256%3Aabc&bad=%zz&a=%31");
  EXPECT_EQ(request.parameter("a"), "1");
  EXPECT_EQ(request.parameters("a"), (std::vector<std::string>{"1", "2", "1"}));
  EXPECT_EQ(request.parameter("b"), "x y+z");
  EXPECT_EQ(request.parameter("empty"), "");
  EXPECT_EQ(request.parameter("flag"), "");
  EXPECT_EQ(request.parameter("digest"), "sha256:abc");
  EXPECT_EQ(request.parameter("bad"), "%zz") << "as sent, for its reader to refuse";
  EXPECT_EQ(request.parameter("nope"), std::nullopt);
  EXPECT_EQ(make_request("GET", "/").parameter("a"), std::nullopt);
}

TEST(Request, TellsItsBody) {
  EXPECT_EQ(make_request("PUT", "/", {{"Content-Length", "12"}}).content_length_bytes(), 12U);
  EXPECT_TRUE(make_request("PUT", "/", {{"Content-Length", "12"}}).has_body());
  EXPECT_FALSE(make_request("PUT", "/", {{"Content-Length", "0"}}).has_body());
  const Request chunked = make_request("PUT", "/", {{"Transfer-Encoding", "Chunked"}});
  EXPECT_TRUE(chunked.has_body());
  EXPECT_EQ(chunked.content_length_bytes(), std::nullopt);
}

TEST(Request, SurvivesAMove) {
  Request first = request_from("GET /moved HTTP/1.1\nHost: h\nX-A: b\n");
  const Request second = std::move(first);
  EXPECT_EQ(second.path(), "/moved");
  EXPECT_EQ(second.header("x-a"), "b");
  EXPECT_EQ(second.peer().address, "127.0.0.1");
  EXPECT_EQ(second.id(), "test-request");
}

TEST(EqualsIgnoringCase, FoldsAsciiLettersAlone) {
  EXPECT_TRUE(equals_ignoring_case("Content-Type", "content-TYPE"));
  EXPECT_TRUE(equals_ignoring_case("", ""));
  EXPECT_FALSE(equals_ignoring_case("a", "ab"));
  EXPECT_FALSE(equals_ignoring_case("@", "`"));
  EXPECT_FALSE(equals_ignoring_case("[", "{"));
  EXPECT_FALSE(equals_ignoring_case("\xc4", "\xe4"));
}

TEST(Response, TextHasTypeAndBody) {
  const Response response = Response::text(404, "text/plain", "no");
  EXPECT_EQ(response.status, 404);
  EXPECT_EQ(response.body.size_bytes(), 2U);
  ASSERT_EQ(response.headers.size(), 1U);
  EXPECT_EQ(response.headers[0].second, "text/plain");
}

}  // namespace
}  // namespace entrepot::http
