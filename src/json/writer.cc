#include "json/writer.h"

#include <algorithm>
#include <iterator>

#include "base/bytes.h"

namespace entrepot::json {
namespace {

bool is_plain(char c) {
  const auto byte = static_cast<unsigned char>(c);
  return byte >= 0x20 && byte < 0x80 && c != '"' && c != '\\';
}

// Appends the first character of `text`; returns how many octets of `text` it was.
std::size_t append_character(std::string& out, std::string_view text) {
  const char c = text[0];
  const std::size_t length = utf8_character_length(text);
  if (c == '"' || c == '\\') {
    out += '\\';
    out += c;
  } else if (static_cast<unsigned char>(c) < 0x20) {
    fmt::format_to(std::back_inserter(out), "\\u{:04x}", static_cast<unsigned>(c));
  } else if (length == 0) {
    out += "\ufffd";
    return 1;
  } else {
    out += text.substr(0, length);
  }
  return length;
}

}  // namespace

void append_string(std::string& out, std::string_view text) {
  out += '"';
  while (true) {
    const auto* const end = std::find_if_not(text.begin(), text.end(), is_plain);
    out.append(text.begin(), end);
    text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
    if (text.empty()) break;
    text.remove_prefix(append_character(out, text));
  }
  out += '"';
}

}  // namespace entrepot::json
