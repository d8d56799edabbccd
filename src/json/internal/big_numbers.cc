#include "json/internal/big_numbers.h"

#include <algorithm>

namespace entrepot::json::internal {
namespace {

constexpr std::string_view kStandIn = "0.5";
// Of digits: what every 64-bit type holds.
constexpr std::size_t kSafeDigits = 18;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// Takes the digits at the begin of `text` away; returns how many they were.
std::size_t take_digits(ByteView& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto count = static_cast<std::size_t>(end - text.begin());
  text.remove_prefix(count);
  return count;
}

bool take(ByteView& text, std::string_view any_of) {
  if (text.empty() || any_of.find(text.front()) == std::string_view::npos) return false;
  text.remove_prefix(1);
  return true;
}

struct Number {
  std::size_t length = 0;  // 0: it is none
  bool is_big = false;
};

// The number at the begin of `text`, as JSON's grammar has it.
Number read_number(ByteView text) {
  const std::size_t whole = text.size();
  const bool negative = take(text, "-");
  const bool zero = !text.empty() && text.front() == '0';
  const std::size_t digits = take_digits(text);
  if (digits == 0 || (zero && digits > 1)) return {};
  bool fraction = false;
  if (take(text, ".")) {
    fraction = true;
    if (take_digits(text) == 0) return {};
  }
  if (take(text, "eE")) {
    fraction = true;
    take(text, "+-");
    if (take_digits(text) == 0) return {};
  }
  // The largest integer of 63 bits, 9223372036854775807, has 19 digits and stays.
  const bool big = digits > kSafeDigits + (negative ? 0 : 1);
  return {whole - text.size(), (fraction || big) && whole - text.size() >= kStandIn.size()};
}

// Behind the string's first quote; to behind its last one.
std::size_t end_of_string(ByteView json, std::size_t at) {
  while (at < json.size() && json[at] != '"') at += json[at] == '\\' ? 2 : 1;
  return std::min(at + 1, json.size());
}

bool is_number_character(char c) { return is_digit(c) || c == '-' || c == '+' || c == '.'; }
bool is_letter(char c) { return (c | 0x20) >= 'a' && (c | 0x20) <= 'z'; }

}  // namespace

Bytes without_big_numbers(ByteView json) {
  Bytes out(json);
  std::size_t at = 0;
  while (at < json.size()) {
    if (json[at] == '"') {
      at = end_of_string(json, at + 1);
      continue;
    }
    if (!is_number_character(json[at]) && !is_letter(json[at])) {
      ++at;
      continue;
    }
    // A word: only one that is a number as a whole may be another number.
    std::size_t end = at;
    while (end < json.size() && (is_number_character(json[end]) || is_letter(json[end]))) ++end;
    const Number number = read_number(json.substr(at, end - at));
    if (number.is_big && number.length == end - at) {
      std::fill(out.begin() + static_cast<std::ptrdiff_t>(at),
                out.begin() + static_cast<std::ptrdiff_t>(end), ' ');
      std::copy(kStandIn.begin(), kStandIn.end(), out.begin() + static_cast<std::ptrdiff_t>(at));
    }
    at = end;
  }
  return out;
}

}  // namespace entrepot::json::internal
