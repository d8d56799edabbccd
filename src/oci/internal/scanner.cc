#include "oci/internal/scanner.h"

#include <algorithm>
#include <charconv>

namespace entrepot::oci::internal {
namespace {

constexpr unsigned kReplacement = 0xFFFD;

bool is_space(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool ends_word(char c) {
  return is_space(c) || std::string_view(",:[]{}\"").find(c) != std::string_view::npos;
}

bool is_high_surrogate(unsigned code) { return code >= 0xD800 && code < 0xDC00; }
bool is_low_surrogate(unsigned code) { return code >= 0xDC00 && code < 0xE000; }

void append_utf8(std::string& out, unsigned code) {
  const auto octet = [&](unsigned bits) { out += static_cast<char>(bits); };
  if (code < 0x80) return octet(code);
  if (code < 0x800) {
    octet(0xC0 | (code >> 6));
  } else if (code < 0x10000) {
    octet(0xE0 | (code >> 12));
    octet(0x80 | ((code >> 6) & 0x3F));
  } else {
    octet(0xF0 | (code >> 18));
    octet(0x80 | ((code >> 12) & 0x3F));
    octet(0x80 | ((code >> 6) & 0x3F));
  }
  octet(0x80 | (code & 0x3F));
}

}  // namespace

void Scanner::skip_space() {
  while (at_ < text_.size() && is_space(text_[at_])) ++at_;
}

void Scanner::give_up() {
  broken_ = true;
  at_ = text_.size();
}

char Scanner::peek() {
  skip_space();
  return at_ < text_.size() ? text_[at_] : '\0';
}

bool Scanner::take(char wanted) {
  if (peek() != wanted || at_ == text_.size()) return false;
  ++at_;
  return true;
}

bool Scanner::enter(char bracket) { return take(bracket); }

std::optional<std::string> Scanner::next_key() {
  while (take(',')) {
  }
  if (take('}')) return std::nullopt;
  if (peek() != '"') {
    give_up();
    return std::nullopt;
  }
  std::string key = read_string();
  if (take(':')) return key;
  give_up();
  return std::nullopt;
}

bool Scanner::next_element() {
  while (take(',')) {
  }
  if (take(']')) return false;
  if (at_ == text_.size()) give_up();
  return !broken_;
}

std::optional<std::string> Scanner::string() {
  if (peek() == '"') return read_string();
  skip();
  return std::nullopt;
}

std::optional<std::string_view> Scanner::scalar() {
  const char first = peek();
  if (first != '{' && first != '[' && first != '"') return read_word();
  skip();
  return std::nullopt;
}

// Brackets are only counted, not matched: nobody wants what is between them.
void Scanner::skip() {
  std::size_t depth = 0;
  do {
    const char c = peek();
    if (at_ == text_.size()) return give_up();
    if (c == '"') {
      read_string();
    } else if (c == '{' || c == '[') {
      ++depth;
      ++at_;
    } else if (depth > 0 && (c == '}' || c == ']')) {
      --depth;
      ++at_;
    } else if (depth > 0 && (c == ',' || c == ':')) {
      ++at_;
    } else {
      read_word();
    }
  } while (depth > 0);
}

// Always goes on by one character at least, so that no loop over values stands still.
std::string_view Scanner::read_word() {
  const std::size_t begin = at_;
  while (at_ < text_.size() && !ends_word(text_[at_])) ++at_;
  if (at_ == begin) give_up();
  return text_.substr(begin, at_ - begin);
}

std::string Scanner::read_string() {
  ++at_;
  std::string out;
  while (at_ < text_.size()) {
    const std::size_t end = std::min(text_.find_first_of("\"\\", at_), text_.size());
    out.append(text_.substr(at_, end - at_));
    at_ = end;
    if (at_ == text_.size()) break;
    const char c = text_[at_++];
    if (c == '"') return out;
    append_escape(out);
  }
  give_up();
  return out;
}

// From behind the backslash.
void Scanner::append_escape(std::string& out) {
  constexpr std::string_view kNames = "bfnrt";
  constexpr std::string_view kMeanings = "\b\f\n\r\t";
  if (at_ == text_.size()) return;
  const char name = text_[at_++];
  if (const auto known = kNames.find(name); known != std::string_view::npos) {
    out += kMeanings[known];
    return;
  }
  if (name != 'u') {
    out += name;
    return;
  }
  auto code = read_hex4();
  if (code && is_high_surrogate(*code) && text_.substr(at_, 2) == "\\u") {
    const std::size_t before = at_;
    at_ += 2;
    const auto low = read_hex4();
    if (low && is_low_surrogate(*low)) {
      code = 0x10000 + ((*code - 0xD800) << 10) + (*low - 0xDC00);
    } else {
      at_ = before;
    }
  }
  const bool whole = code && !is_high_surrogate(*code) && !is_low_surrogate(*code);
  append_utf8(out, whole ? *code : kReplacement);
}

std::optional<unsigned> Scanner::read_hex4() {
  const std::string_view digits = text_.substr(at_, 4);
  unsigned code = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), code, 16);
  if (digits.size() < 4 || read.ptr != digits.data() + 4) return std::nullopt;
  at_ += 4;
  return code;
}

}  // namespace entrepot::oci::internal
