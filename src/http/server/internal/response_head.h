#pragma once
// http/server/internal/response_head.h — writes the head of an answer.

#include <cstdint>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"

namespace entrepot::http::server::internal {

// "Sun, 06 Nov 1994 08:49:37 GMT", made once a second.
class DateText {
 public:
  std::string_view at(std::time_t now);

 private:
  std::time_t second_ = -1;
  std::string text_;
};

// What an answer sends behind its head, and what it says about that (RFC 9110 §8.6, §6.4.1).
struct BodyPlan {
  bool sends_body = false;
  std::optional<std::uint64_t> content_length_bytes;  // none: the header is left out
};
BodyPlan plan_body(Method method, const Response& response);

// What the server adds to each answer.
struct HeadFrame {
  BodyPlan body;
  bool close = false;
  bool http11 = true;   // of the request; an HTTP/1.0 client is told that it may keep on
  std::string_view id;  // empty: none
  std::string_view date;
  std::string_view server;
};

// Appends the head. A header of the response that is malformed (a line break in the value above
// all) is left out and logged; one that is the server's own to say is left out.
void write_head(std::string& out, const Response& response, const HeadFrame& frame);

}  // namespace entrepot::http::server::internal
