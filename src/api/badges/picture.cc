#include "api/badges/picture.h"

#include <fmt/format.h>

#include "base/bytes.h"

namespace entrepot::api::badges {
namespace {

constexpr std::string_view kReplacement = "\uFFFD";
constexpr std::string_view kLabelColour = "#555";
constexpr std::string_view kTextColour = "#0b6a75";
constexpr std::string_view kNotFoundColour = "#6b6b6b";
constexpr int kPadding = 6;  // pixels on either side of a text

// Pixels that a character takes in DejaVu Sans and its likes at 11 px, roughly: the picture says
// how wide a text is to be, and the viewer's font is fitted to that.
int width_of(std::string_view character) {
  static constexpr std::string_view kNarrow = " !'()*,-./:;I[]`fijlrt{|}";
  static constexpr std::string_view kWide = "%@MWmw";
  static constexpr int kNarrowPixels = 4;
  static constexpr int kUsualPixels = 7;
  static constexpr int kWidePixels = 11;
  if (character.size() > 2 || kWide.find(character) != std::string_view::npos) return kWidePixels;
  return kNarrow.find(character) != std::string_view::npos ? kNarrowPixels : kUsualPixels;
}

// Is it one that a document may hold, and that leaves the text beside it as it was?
bool is_plain(std::string_view character) {
  const auto first = static_cast<unsigned char>(character[0]);
  if (character.size() == 1) return first >= 0x20 && first != 0x7F;
  // U+0080–U+009F, U+200E–U+200F, U+2028–U+202E, U+2066–U+2069, U+FFFE–U+FFFF.
  return !((character >= "\u0080" && character <= "\u009F") ||
           (character >= "\u200E" && character <= "\u200F" && character.size() == 3) ||
           (character >= "\u2028" && character <= "\u202E" && character.size() == 3) ||
           (character >= "\u2066" && character <= "\u2069" && character.size() == 3) ||
           (character >= "\uFFFE" && character <= "\uFFFF" && character.size() == 3));
}

std::string_view escape(std::string_view character) {
  switch (character[0]) {
    case '&':
      return "&amp;";
    case '<':
      return "&lt;";
    case '>':
      return "&gt;";
    case '"':
      return "&quot;";
    case '\'':
      return "&#39;";
    default:
      return character;
  }
}

struct Shown {
  std::string text;  // as markup
  int pixels = 0;

  void add(std::string_view character) {
    text += escape(character);
    pixels += width_of(character);
  }
};

Shown show(std::string_view text) {
  Shown shown;
  for (std::size_t count = 0; !text.empty(); ++count) {
    const std::size_t known = utf8_character_length(text);
    const std::string_view character = text.substr(0, known == 0 ? 1 : known);
    text.remove_prefix(character.size());
    if (count + 1 == kMostCharacters && !text.empty()) {
      shown.add("…");
      break;
    }
    shown.add(known == 0 || !is_plain(character) ? kReplacement : character);
  }
  return shown;
}

// A box with its text, `x` pixels from the left.
void draw_box(std::string& svg, int x, const Shown& shown, std::string_view colour) {
  const int width = shown.pixels + 2 * kPadding;
  fmt::format_to(std::back_inserter(svg),
                 R"(<rect x="{}" width="{}" height="20" fill="{}"/>)"
                 R"(<text x="{}" y="14" textLength="{}">{}</text>)",
                 x, width, colour, x + kPadding, shown.pixels, shown.text);
}

std::string draw_boxes(std::string_view label, std::string_view text, std::string_view colour) {
  const Shown left = show(label);
  const Shown right = show(text);
  const int before = label.empty() ? 0 : left.pixels + 2 * kPadding;
  const int width = before + right.pixels + 2 * kPadding;
  const std::string title = label.empty() ? right.text : left.text + ": " + right.text;
  std::string svg = fmt::format(
      R"svg(<svg xmlns="http://www.w3.org/2000/svg" width="{0}" height="20" role="img" )svg"
      R"svg(aria-label="{1}"><clipPath id="round"><rect width="{0}" height="20" rx="3"/></clipPath>)svg"
      R"svg(<g clip-path="url(#round)" fill="#fff" font-size="11" )svg"
      R"svg(font-family="DejaVu Sans,Verdana,Geneva,sans-serif">)svg",
      width, title);
  if (before > 0) draw_box(svg, 0, left, kLabelColour);
  draw_box(svg, before, right, colour);
  return svg += "</g></svg>\n";
}

}  // namespace

std::string draw(std::string_view label, std::string_view text) {
  return draw_boxes(label, text, kTextColour);
}

std::string draw_not_found() { return draw_boxes("", "not found", kNotFoundColour); }

}  // namespace entrepot::api::badges
