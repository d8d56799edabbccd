#pragma once
// api/rest/page.h — lists: what a request asks for, and how a page looks.

#include <cstddef>
#include <optional>
#include <string>

#include "base/result.h"
#include "http/message.h"
#include "json/writer.h"
#include "meta/pulls.h"

namespace entrepot::api::rest {

inline constexpr std::size_t kUsualPage = 50;
inline constexpr std::size_t kLargestPage = 100;

// ?limit= and ?after=. What stands in a cursor is its list's own business; for clients it is a text
// to send back.
struct PageRequest {
  std::size_t limit = kUsualPage;
  std::optional<std::string> after;
};
Result<PageRequest> page_of(const http::Request& request);  // InvalidArgument

// A cursor for a text, and back. InvalidArgument for what never was one.
std::string to_cursor(std::string_view text);
Result<std::string> from_cursor(std::string_view cursor);

// {"items":[…],"next":…}: `write_items(json)` writes the items.
template <class Write>
std::string page_body(const std::optional<std::string>& next, const Write& write_items) {
  std::string body;
  json::Writer json(body);
  json.begin_object().key("items").begin_array();
  write_items(json);
  json.end_array().key("next");
  if (next) {
    json.value(std::string_view(*next));
  } else {
    json.null();
  }
  json.end_object().end_line();
  return body;
}

// A text, or null where there is none.
void write_optional(json::Writer& json, std::string_view key,
                    const std::optional<std::string>& text);
inline void write_or_null(json::Writer& json, std::string_view key, const std::string& text) {
  write_optional(json, key, text.empty() ? std::nullopt : std::optional(text));
}
template <class Texts>
void write_texts(json::Writer& json, std::string_view key, const Texts& texts) {
  json.key(key).begin_array();
  for (const auto& text : texts) json.value(std::string_view(text));
  json.end_array();
}
// "pulls" and "last_pulled_at".
void write_pulls(json::Writer& json, const meta::PullCount& pulls);
template <class Map>
void write_map(json::Writer& json, std::string_view key, const Map& map) {
  json.key(key).begin_object();
  for (const auto& [name, value] : map) json.member(name, std::string_view(value));
  json.end_object();
}

}  // namespace entrepot::api::rest
