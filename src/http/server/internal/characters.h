#pragma once
// http/server/internal/characters.h — the character classes of HTTP (RFC 9110 §5.6, §5.5; RFC
// 3986).

#include <array>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace entrepot::http::server::internal {

enum CharacterClass : unsigned char {
  kToken = 1,       // field names, methods
  kFieldValue = 2,  // visible, blank, tab, and octets above ASCII
  kTarget = 4,      // of a request target: visible ASCII without "#"
  kHost = 8,        // of Host: what a host, a port and an IP literal are made of
};

constexpr std::array<unsigned char, 256> make_character_table() {
  std::array<unsigned char, 256> table{};
  const auto mark = [&table](std::string_view characters, unsigned char as) {
    for (const char c : characters) table[static_cast<unsigned char>(c)] |= as;
  };
  for (unsigned c = 0; c < 256; ++c) {
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (letter) table[c] |= kToken | kHost;
    if (c == '\t' || (c >= 0x20 && c != 0x7f)) table[c] |= kFieldValue;
    if (c > 0x20 && c < 0x7f && c != '#') table[c] |= kTarget;
  }
  mark("!#$%&'*+-.^_`|~", kToken);
  mark("-._~!$&'()*+;=%:[]", kHost);
  return table;
}

inline constexpr std::array<unsigned char, 256> kCharacters = make_character_table();

inline bool is(char c, CharacterClass wanted) {
  return (kCharacters[static_cast<unsigned char>(c)] & wanted) != 0;
}

// True for an empty text as well.
inline bool consists_of(std::string_view text, CharacterClass wanted) {
  unsigned char all = wanted;
  for (const char c : text) all &= kCharacters[static_cast<unsigned char>(c)];
  return all != 0;
}

// The same for kFieldValue, eight at a time: tokens make field values long. A word of which a byte
// is a control character (it may be a tab) is looked at byte by byte.
inline bool is_field_value(std::string_view text) {
  constexpr std::uint64_t kOnes = 0x0101010101010101, kHighBits = 0x80 * kOnes;
  while (text.size() >= sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, text.data(), sizeof word);
    const std::uint64_t deletes = word ^ (0x7f * kOnes);  // 0 where a byte is DEL
    const std::uint64_t control = (word - 0x20 * kOnes) & ~word;
    const std::uint64_t del = (deletes - kOnes) & ~deletes;
    if (((control | del) & kHighBits) != 0 &&
        !consists_of(text.substr(0, sizeof word), kFieldValue)) {
      return false;
    }
    text.remove_prefix(sizeof word);
  }
  return consists_of(text, kFieldValue);
}

inline bool is_token(std::string_view text) { return !text.empty() && consists_of(text, kToken); }

}  // namespace entrepot::http::server::internal
