#pragma once
// api/rest/body.h — what a request's body says.

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/subject.h"
#include "base/clock.h"
#include "json/reader.h"
#include "people/people.h"

namespace entrepot::api::rest {

inline constexpr std::size_t kMostElements = 100;  // of a list in a body

Result<json::Document> parse_body(std::string_view body);

// The fields of an object that has no others: who writes one that we do not know meant something by
// it. InvalidArgument: "body.admn: there is no such field". `names` must outlive them.
template <std::size_t N>
Result<json::Fields<N>> closed_fields(const json::Value& object, const json::Names<N>& names) {
  TRY(object.each_member(
      "a JSON object", [&](std::string_view key, const json::Value& value) -> Result<void> {
        if (std::find(names.begin(), names.end(), key) != names.end()) return {};
        return value.invalid(fmt::format("there is no field \"{}\"", key.substr(0, 64)));
      }));
  return object.fields(names);
}

// Fields as the words that people write: each is set if it is there, and InvalidArgument says what
// it may be.
template <std::size_t N, class T>
Result<void> read_word(const json::Fields<N>& fields, std::size_t field,
                       std::optional<T> (*parse)(std::string_view), std::string_view may_be,
                       std::optional<T>& target) {
  std::string text;
  TRY(fields.read(field, text));
  if (!fields.has(field)) return {};
  target = parse(text);
  if (!target) return fields.invalid(field, may_be);
  return {};
}

// A time that has not come yet. Null: nothing.
template <std::size_t N>
Result<void> read_end(const json::Fields<N>& fields, std::size_t field, WallTime now,
                      std::optional<WallTime>& target) {
  TRY(read_word(fields, field, &parse_rfc3339, "is a time such as 2027-01-31T12:00:00Z", target));
  if (target && *target <= now) return fields.invalid(field, "is over already");
  return {};
}

template <std::size_t N>
Result<void> read_texts(const json::Fields<N>& fields, std::size_t field,
                        std::vector<std::string>& target) {
  const auto list = fields.find(field);
  if (!list) return {};
  TRY(list->each_element("a list of texts", [&](const json::Value& element) -> Result<void> {
    TRY_ASSIGN(auto text, element.template get<std::string>());
    target.push_back(std::move(text));
    return {};
  }));
  if (target.size() > kMostElements) return fields.invalid(field, "has more than 100 elements");
  return {};
}

// As json::Fields::require, but null is an answer: what has to be said has no default.
template <std::size_t N>
Result<void> require_said(const json::Fields<N>& fields, std::size_t field,
                          std::string_view null_means) {
  if (fields.is_named(field)) return {};
  return fields.invalid(field, fmt::format("is missing; null: {}", null_means));
}

// "read", "write", "maintain", "admin".
std::optional<meta::RepositoryRole> parse_given_role(std::string_view text);
inline constexpr std::string_view kGivenRoles = "is read, write, maintain or admin";

}  // namespace entrepot::api::rest
