#include "http/server/internal/response_head.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/log.h"
#include "http/server/internal/characters.h"

namespace entrepot::http::server::internal {
namespace {

constexpr std::pair<int, std::string_view> kReasons[] = {
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

std::string_view reason_of(int status) {
  for (const auto& [known, reason] : kReasons) {
    if (known == status) return reason;
  }
  return "";  // RFC 9112 §4: may be empty
}

bool is_servers_own(std::string_view name) {
  static constexpr std::array<std::string_view, 6> kOwn = {
      "Connection", "Content-Length", "Date", "Server", "Transfer-Encoding", "X-Request-Id"};
  return std::any_of(kOwn.begin(), kOwn.end(),
                     [&](std::string_view own) { return equals_ignoring_case(name, own); });
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
  out.append("HTTP/1.1 ").append(fmt::format_int(response.status).c_str()).append(1, ' ');
  out.append(reason_of(response.status)).append("\r\n");
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
    if (!is_token(name) || !is_field_value(value)) {
      log::error("left out a malformed header of an answer: {}", name);
      continue;
    }
    add(out, name, value);
  }
  out.append("\r\n");
}

}  // namespace entrepot::http::server::internal
