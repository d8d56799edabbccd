#pragma once
// http/router.h — finds the row of a route table that a path belongs to.

#include <array>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace entrepot::http {

// What stood in a pattern's <placeholders>, in order; views into the path, not decoded.
struct PathMatch {
  static constexpr std::size_t kMaxParameters = 4;
  std::array<std::string_view, kMaxParameters> values{};
  std::size_t count = 0;
};

// Matches a path against a pattern such as "/v2/<name>/blobs/<digest>": literal segments match
// themselves, "<name>" matches one or more whole segments (the longest prefix that lets the rest
// match), any other "<x>" exactly one non-empty segment. A pattern's trailing "/" must be there. No
// allocation.
std::optional<PathMatch> match_path(std::string_view pattern, std::string_view path);

// Routes are rows of a table, with `methods` (bits of bit_of) and `pattern` beside what an edge
// adds.
constexpr unsigned bit_of(Method method) { return 1u << static_cast<unsigned>(method); }
inline constexpr unsigned kGetBits = bit_of(Method::Get) | bit_of(Method::Head);  // always together

template <class Row>
struct FoundRoute {
  const Row* row = nullptr;  // null: none with this method
  PathMatch path;
  unsigned allowed =
      0;  // where `row` is null: methods of all rows with this path; 0: there is none
};

// The first row for this method and path.
template <class Row>
FoundRoute<Row> find_route(std::span<const Row> rows, Method method, std::string_view path) {
  FoundRoute<Row> found;
  for (const Row& row : rows) {
    if ((row.methods & bit_of(method)) == 0) continue;
    const auto match = match_path(row.pattern, path);
    if (!match) continue;
    found.row = &row;
    found.path = *match;
    return found;
  }
  for (const Row& row : rows) {
    if (match_path(row.pattern, path)) found.allowed |= row.methods;
  }
  return found;
}

// "GET, HEAD": for Allow.
std::string list_of(unsigned methods);

// What a hexadecimal digit stands for, in either case; -1 for any other character.
int hex_value(char c);

// Percent-decoding. nullopt for a bad escape or a NUL.
std::optional<std::string> percent_decode(std::string_view text, bool plus_is_space);

}  // namespace entrepot::http
