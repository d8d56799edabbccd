#include "api/rest/people_call.h"

#include <charconv>

namespace entrepot::api::rest {
namespace {

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace

http::Response created(const Call& call, std::string_view name, std::string body) {
  auto response = answer(201, std::move(body));
  response.with("Location", fmt::format("{}/{}", call.request.path(), name));
  return response;
}

http::Response done() {
  http::Response response;
  response.status = 204;
  return response;
}

Result<std::int64_t> number_in(std::string_view word) {
  const auto number = parse_number(word);
  if (!number) return fail(ErrorCode::NotFound, "there is nothing of that number");
  return *number;
}

Result<people::PageQuery<std::string>> by_name(const http::Request& request) {
  TRY_ASSIGN(auto page, page_of(request));
  return people::PageQuery<std::string>{page.after.value_or(""), page.limit};
}

Result<people::PageQuery<std::int64_t>> by_number(const http::Request& request) {
  TRY_ASSIGN(const auto page, page_of(request));
  people::PageQuery<std::int64_t> query{0, page.limit};
  if (!page.after) return query;
  const auto number = parse_number(*page.after);
  if (!number) {
    return fail(ErrorCode::InvalidArgument, "after: take it from \"next\" of the last page");
  }
  query.after = *number;
  return query;
}

std::string cursor_of(const std::string& name) { return to_cursor(name); }
std::string cursor_of(std::int64_t number) { return to_cursor(std::to_string(number)); }

void write_use(json::Writer& json, const std::optional<meta::Secret>& secret) {
  const bool used = secret && secret->used_at;
  write_time(json, "last_used_at", used ? secret->used_at : std::nullopt);
  write_optional(json, "last_used_from", used ? std::optional(secret->used_from) : std::nullopt);
}

void write_time(json::Writer& json, std::string_view key, const std::optional<WallTime>& time) {
  write_optional(json, key, time ? std::optional(to_rfc3339(*time)) : std::nullopt);
}

}  // namespace entrepot::api::rest
