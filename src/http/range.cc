#include "http/range.h"

#include <algorithm>
#include <cstdint>
#include <limits>

namespace entrepot::http {
namespace {

std::string_view trim(std::string_view text) {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Digits alone; a number past 2^64 stands for "past every end".
std::optional<std::uint64_t> parse_position(std::string_view digits) {
  if (digits.empty()) return std::nullopt;
  constexpr std::uint64_t kMax = std::numeric_limits<std::uint64_t>::max();
  std::uint64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<std::uint64_t>(c - '0');
    value = value > (kMax - digit) / 10 ? kMax : value * 10 + digit;
  }
  return value;
}

// If-Range holds one strong entity-tag; a weak one, and a date (we send none), never match.
bool if_range_matches(const Request& request, std::string_view etag) {
  const auto condition = request.header("If-Range");
  return !condition || (condition->starts_with('"') && *condition == etag);
}

RangeAnswer last_bytes(std::string_view digits, std::uint64_t size) {
  const auto count = parse_position(digits);
  if (!count) return WholeBody{};
  if (*count == 0) return Unsatisfiable{};
  if (size == 0) return WholeBody{};  // satisfiable, but no Content-Range could say so
  const std::uint64_t length = std::min(*count, size);
  return ByteRange{size - length, length};
}

// The opaque part, quotes included: weak comparison looks at nothing else.
std::string_view without_weakness(std::string_view etag) {
  return etag.starts_with("W/") ? etag.substr(2) : etag;
}

// One entry of a list of entity-tags.
struct ListedTag {
  std::string_view opaque;  // without its quotes
  bool weak = false;
};

// Cuts the first entity-tag off `line`. One without quotes ends at the next comma: clients send
// digests like that. nullopt at the end of the line, or of what can be understood.
std::optional<ListedTag> take_tag(std::string_view& line) {
  line = trim(line);
  if (line.empty()) return std::nullopt;
  ListedTag tag;
  tag.weak = line.starts_with("W/");
  line = without_weakness(line);
  if (line.starts_with('"')) {
    const std::size_t end = line.find('"', 1);
    if (end == std::string_view::npos) return std::nullopt;
    tag.opaque = line.substr(1, end - 1);
    line = trim(line.substr(end + 1));
    if (!line.empty() && line.front() != ',') return std::nullopt;
  } else {
    const std::size_t end = std::min(line.find(','), line.size());
    tag.opaque = trim(line.substr(0, end));
    line.remove_prefix(end);
  }
  if (!line.empty()) line.remove_prefix(1);
  return tag;
}

bool lists(std::string_view line, std::string_view opaque) {
  while (const auto tag = take_tag(line)) {
    if (tag->opaque == opaque) return true;
  }
  return false;
}

}  // namespace

RangeAnswer choose_range(const Request& request, std::uint64_t size_bytes, std::string_view etag) {
  const auto header = request.header("Range");
  if (!header || request.method() != Method::Get) return WholeBody{};
  if (!if_range_matches(request, etag)) return WholeBody{};

  const std::size_t equals = header->find('=');
  if (equals == std::string_view::npos) return WholeBody{};
  if (!equals_ignoring_case(header->substr(0, equals), "bytes")) return WholeBody{};
  const std::string_view spec = trim(header->substr(equals + 1));
  const std::size_t dash = spec.find('-');
  if (dash == std::string_view::npos) return WholeBody{};
  if (dash == 0) return last_bytes(spec.substr(1), size_bytes);

  const auto first = parse_position(spec.substr(0, dash));
  const std::string_view last_text = spec.substr(dash + 1);
  const auto last =
      last_text.empty() ? std::numeric_limits<std::uint64_t>::max() : parse_position(last_text);
  if (!first || !last) return WholeBody{};  // several ranges, too: "," is no digit
  if (*last < *first || *first >= size_bytes) return Unsatisfiable{};
  return ByteRange{*first, std::min(*last, size_bytes - 1) - *first + 1};
}

bool none_match_hits(const Request& request, std::string_view etag) {
  std::string_view opaque = without_weakness(etag);
  opaque = opaque.substr(1, opaque.size() - 2);
  for (const std::string_view line : request.headers("If-None-Match")) {
    if (trim(line) == "*" || lists(line, opaque)) return true;
  }
  return false;
}

}  // namespace entrepot::http
