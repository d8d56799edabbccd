#include "http/internal/response_head.h"

#include <array>
#include <iterator>

#include <fmt/format.h>

#include "base/log.h"
#include "http/internal/characters.h"

namespace entrepot::http::internal {
namespace {

std::string_view reason_of(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return "";  // RFC 9112 §4: may be empty
  }
}

bool is_servers_own(std::string_view name) {
  for (const std::string_view own :
       {"Connection", "Content-Length", "Date", "Server", "Transfer-Encoding", "X-Request-Id"}) {
    if (equals_ignoring_case(name, own)) return true;
  }
  return false;
}

void add(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string_view DateText::at(std::time_t now) {
  if (now == second_) return text_;
  static constexpr std::array kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  static constexpr std::array kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  text_ = fmt::format("{}, {:02} {} {:04} {:02}:{:02}:{:02} GMT",
                      kDays[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                      kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900,
                      utc.tm_hour, utc.tm_min, utc.tm_sec);
  second_ = now;
  return text_;
}

BodyPlan plan_body(Method method, const Response& response) {
  if (response.status == 204 || response.status < 200) return {};
  if (response.status == 304) return {false, response.content_length_bytes};
  if (method == Method::Head) {
    return {false, response.content_length_bytes.value_or(response.body.size_bytes())};
  }
  const std::uint64_t size = response.body.size_bytes();
  return {size > 0, size};
}

void write_head(std::string& out, const Response& response, const HeadFrame& frame) {
  fmt::format_to(std::back_inserter(out), "HTTP/1.1 {} {}\r\n", response.status,
                 reason_of(response.status));
  if (!frame.server.empty()) add(out, "Server", frame.server);
  add(out, "Date", frame.date);
  if (frame.body.content_length_bytes) {
    add(out, "Content-Length", fmt::format_int(*frame.body.content_length_bytes).c_str());
  }
  if (!frame.id.empty()) add(out, "X-Request-Id", frame.id);
  if (frame.close) {
    add(out, "Connection", "close");
  } else if (!frame.http11) {
    add(out, "Connection", "keep-alive");
  }
  for (const auto& [name, value] : response.headers) {
    if (is_servers_own(name)) continue;
    if (!is_token(name) || !consists_of(value, kFieldValue)) {
      log::error("left out a malformed header of an answer: {}", name);
      continue;
    }
    add(out, name, value);
  }
  out.append("\r\n");
}

}  // namespace entrepot::http::internal
