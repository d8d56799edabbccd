#include "http/server/internal/response_head.h"

#include <gtest/gtest.h>

namespace entrepot::http::server::internal {
namespace {

std::string head_of(const Response& response, const HeadFrame& frame = {}) {
  std::string text;
  write_head(text, response, frame);
  return text;
}

TEST(ResponseHead, SaysWhatTheServerAdds) {
  HeadFrame frame;
  frame.body = {true, 12};
  frame.id = "abc-1";
  frame.date = "Sun, 06 Nov 1994 08:49:37 GMT";
  frame.server = "entrepot";
  Response response;
  response.with("Content-Type", "text/plain");
  EXPECT_EQ(head_of(response, frame),
            "HTTP/1.1 200 OK\r\nServer: entrepot\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
            "Content-Length: 12\r\nX-Request-Id: abc-1\r\nContent-Type: text/plain\r\n\r\n");
}

TEST(ResponseHead, TellsHowTheConnectionGoesOn) {
  HeadFrame frame;
  frame.close = true;
  EXPECT_NE(head_of({}, frame).find("Connection: close\r\n"), std::string::npos);
  frame.close = false;
  EXPECT_EQ(head_of({}, frame).find("Connection"), std::string::npos);
  frame.http11 = false;
  EXPECT_NE(head_of({}, frame).find("Connection: keep-alive\r\n"), std::string::npos);
}

// Nothing that a client or an upstream got into a value may begin a header of its own.
TEST(ResponseHead, LeavesOutWhatWouldBreakTheHead) {
  for (const std::string& value :
       {std::string("a\r\nSet-Cookie: b"), std::string("a\nb"), std::string("a\rb"),
        std::string("a\0b", 3), std::string("\x1b[31m"), std::string("\x7f")}) {
    Response response;
    response.with("X-Bad", value).with("X-Good", "yes");
    const std::string head = head_of(response);
    EXPECT_EQ(head.find("X-Bad"), std::string::npos);
    EXPECT_EQ(head.find("Set-Cookie"), std::string::npos);
    EXPECT_NE(head.find("X-Good: yes\r\n"), std::string::npos);
  }
  for (const std::string name : {"", "X Y", "X:", "X\r\nY", "\xc3\xa4"}) {
    Response response;
    response.with(name, "value");
    EXPECT_EQ(head_of(response).find("value"), std::string::npos) << name;
  }
}

TEST(ResponseHead, FramingIsTheServersAlone) {
  Response response;
  response.with("Content-Length", "99").with("transfer-encoding", "chunked");
  response.with("Connection", "upgrade").with("DATE", "never").with("x-request-id", "mine");
  const std::string head = head_of(response);
  EXPECT_EQ(head.find("99"), std::string::npos);
  EXPECT_EQ(head.find("chunked"), std::string::npos);
  EXPECT_EQ(head.find("upgrade"), std::string::npos);
  EXPECT_EQ(head.find("never"), std::string::npos);
  EXPECT_EQ(head.find("mine"), std::string::npos);
}

Response with_body(int status, std::string body) {
  Response response = Response::text(status, "text/plain", std::move(body));
  return response;
}

TEST(BodyPlan, FollowsMethodAndStatus) {
  EXPECT_TRUE(plan_body(Method::Get, with_body(200, "abc")).sends_body);
  EXPECT_EQ(plan_body(Method::Get, with_body(200, "abc")).content_length_bytes, 3U);
  EXPECT_FALSE(plan_body(Method::Get, with_body(200, "")).sends_body);
  EXPECT_EQ(plan_body(Method::Get, with_body(200, "")).content_length_bytes, 0U);
  EXPECT_FALSE(plan_body(Method::Head, with_body(200, "abc")).sends_body);
  EXPECT_EQ(plan_body(Method::Head, with_body(200, "abc")).content_length_bytes, 3U);
  EXPECT_FALSE(plan_body(Method::Delete, with_body(204, "abc")).sends_body);
  EXPECT_EQ(plan_body(Method::Delete, with_body(204, "abc")).content_length_bytes, std::nullopt);
  EXPECT_FALSE(plan_body(Method::Get, with_body(304, "abc")).sends_body);
  EXPECT_EQ(plan_body(Method::Get, with_body(304, "abc")).content_length_bytes, std::nullopt);
}

TEST(BodyPlan, HeadMayTellTheSizeOfABodyThatIsNotAtHand) {
  Response response;
  response.content_length_bytes = 1ULL << 40;
  EXPECT_EQ(plan_body(Method::Head, response).content_length_bytes, 1ULL << 40);
  EXPECT_EQ(plan_body(Method::Get, response).content_length_bytes, 0U);
}

TEST(DateText, IsTheHttpForm) {
  DateText date;
  EXPECT_EQ(date.at(784'111'777), "Sun, 06 Nov 1994 08:49:37 GMT");
  EXPECT_EQ(date.at(0), "Thu, 01 Jan 1970 00:00:00 GMT");
  EXPECT_EQ(date.at(1'709'164'800), "Thu, 29 Feb 2024 00:00:00 GMT");
}

}  // namespace
}  // namespace entrepot::http::server::internal
