#include "http/router.h"

#include <algorithm>

#include "base/check.h"

namespace entrepot::http {
namespace {

constexpr std::string_view kManySegments = "<name>";

bool is_placeholder(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '<' && segment.back() == '>';
}

// Cuts the first segment, without the "/" in front of it, off `rest`, which begins with "/".
std::string_view take_first(std::string_view& rest) {
  const std::size_t end = std::min(rest.find('/', 1), rest.size());
  const std::string_view segment = rest.substr(1, end - 1);
  rest.remove_prefix(end);
  return segment;
}

// The same from the back.
std::string_view take_last(std::string_view& rest) {
  const std::size_t slash = rest.rfind('/');
  const std::string_view segment = rest.substr(slash + 1);
  rest = rest.substr(0, slash);
  return segment;
}

bool matches(std::string_view pattern_segment, std::string_view segment) {
  return is_placeholder(pattern_segment) ? !segment.empty() : pattern_segment == segment;
}

void add(PathMatch& match, std::string_view value) {
  CHECK(match.count < PathMatch::kMaxParameters);
  match.values[match.count++] = value;
}

}  // namespace

// Segments are matched from the front up to "<name>", then from the back down to it: what lies
// between is the name, and no choice is ever taken back.
std::optional<PathMatch> match_path(std::string_view pattern, std::string_view path) {
  if (!pattern.starts_with('/') || !path.starts_with('/')) return std::nullopt;
  PathMatch match;
  while (!pattern.empty()) {
    std::string_view behind = pattern;
    const std::string_view expected = take_first(behind);
    if (expected == kManySegments) break;
    pattern = behind;
    if (path.empty()) return std::nullopt;
    const std::string_view segment = take_first(path);
    if (!matches(expected, segment)) return std::nullopt;
    if (is_placeholder(expected)) add(match, segment);
  }
  if (pattern.empty()) return path.empty() ? std::optional(match) : std::nullopt;

  std::array<std::string_view, PathMatch::kMaxParameters> from_back;
  std::size_t count = 0;
  for (;;) {
    const std::string_view expected = take_last(pattern);
    if (pattern.empty()) break;  // `expected` is "<name>"
    if (path.empty()) return std::nullopt;
    const std::string_view segment = take_last(path);
    if (!matches(expected, segment)) return std::nullopt;
    if (!is_placeholder(expected)) continue;
    CHECK(count < from_back.size());
    from_back[count++] = segment;
  }
  if (path.size() < 2) return std::nullopt;  // no name, or just "/"
  add(match, path.substr(1));
  while (count > 0) add(match, from_back[--count]);
  return match;
}

std::string list_of(unsigned methods) {
  std::string list;
  for (const Method method :
       {Method::Get, Method::Head, Method::Post, Method::Put, Method::Patch, Method::Delete}) {
    if ((methods & bit_of(method)) == 0) continue;
    if (!list.empty()) list += ", ";
    list += name_of(method);
  }
  return list;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space) {
  std::string decoded;
  decoded.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (c == '%') {
      if (i + 2 >= text.size()) return std::nullopt;
      const int high = hex_value(text[i + 1]);
      const int low = hex_value(text[i + 2]);
      if (high < 0 || low < 0) return std::nullopt;
      c = static_cast<char>(high * 16 + low);
      i += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (c == '\0') return std::nullopt;
    decoded.push_back(c);
  }
  return decoded;
}

}  // namespace entrepot::http
