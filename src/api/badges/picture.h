#pragma once
// api/badges/picture.h — a badge, drawn.

#include <cstddef>
#include <string>
#include <string_view>

namespace entrepot::api::badges {

// Longer texts are cut, with an ellipsis.
inline constexpr std::size_t kMostCharacters = 64;

// Both texts may be anything: what is no character of a document (XML 1.0), or turns the reading
// direction, becomes U+FFFD. The SVG has no script, no link and nothing from elsewhere, and is as
// wide as its texts in whatever font the viewer has. Without a label it is the text alone.
std::string draw(std::string_view label, std::string_view text);

// For whatever is not there.
std::string draw_not_found();

}  // namespace entrepot::api::badges
