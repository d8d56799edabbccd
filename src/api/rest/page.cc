#include "api/rest/page.h"

#include <charconv>

#include "crypto/hash.h"

namespace entrepot::api::rest {

Result<PageRequest> page_of(const http::Request& request) {
  PageRequest page;
  if (const auto limit = request.parameter("limit")) {
    const auto [end, error] =
        std::from_chars(limit->data(), limit->data() + limit->size(), page.limit);
    const bool whole = error == std::errc() && end == limit->data() + limit->size();
    if (!whole || page.limit == 0 || page.limit > kLargestPage) {
      return fail(ErrorCode::InvalidArgument, "limit: a number from 1 to {}", kLargestPage);
    }
  }
  if (const auto after = request.parameter("after"); after && !after->empty()) {
    TRY_ASSIGN(page.after, from_cursor(*after));
  }
  return page;
}

std::string to_cursor(std::string_view text) { return crypto::to_base64url(text); }

Result<std::string> from_cursor(std::string_view cursor) {
  auto text = crypto::from_base64url(cursor);
  if (!text)
    return fail(ErrorCode::InvalidArgument, "after: take it from \"next\" of the last page");
  return *std::move(text);
}

void write_optional(json::Writer& json, std::string_view key,
                    const std::optional<std::string>& text) {
  json.key(key);
  if (text) {
    json.value(std::string_view(*text));
  } else {
    json.null();
  }
}

void write_pulls(json::Writer& json, const meta::PullCount& pulls) {
  json.member("pulls", pulls.times);
  write_optional(json, "last_pulled_at",
                 pulls.last_at ? std::optional(to_rfc3339(*pulls.last_at)) : std::nullopt);
}

}  // namespace entrepot::api::rest
