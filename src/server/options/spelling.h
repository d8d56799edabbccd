#pragma once
// server/options/spelling.h — what somebody probably meant to type.

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace entrepot::server {

// The candidate with the fewest edits (insert, drop, replace, swap of neighbours) from `word`;
// empty when even that one is too far off to be meant. The first of equals.
std::string_view nearest(std::string_view word, std::span<const std::string_view> candidates);

// `; did you mean "http.listen"?`, or nothing: to be put behind an error.
std::string did_you_mean(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace entrepot::server
