#pragma once
// oci/internal/scanner.h — walks JSON that nobody vouches for, as far as it makes sense.

#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"

namespace entrepot::oci::internal {

// Reads a text from its begin to its end, value by value; the caller says what it wants of each.
// Never fails: numbers of any size, bytes that are not UTF-8, any depth and half surrogates pass,
// and where the text is no JSON any more it just ends. What was read before holds. Linear in the
// text's length, and no recursion. Borrows the text.
//
//   if (scanner.enter('{')) {
//     while (const auto key = scanner.next_key()) … one of string(), scalar(), skip(), enter()
//   }
class Scanner {
 public:
  explicit Scanner(ByteView text) : text_(text) {}

  // The first character of the next value: '{', '[', '"', one of a number's or a word's; '\0' at
  // the end.
  char peek();

  // Steps into an object ('{') or a list ('['). False, and nothing happens, when the next value is
  // something else.
  bool enter(char bracket);

  // The next key of the object that was entered last; its value comes next. None behind the last
  // one, and at the end of what makes sense.
  std::optional<std::string> next_key();

  // Does another value of the list that was entered last come next?
  bool next_element();

  // The next value, if it is a string, decoded; half surrogates become U+FFFD. Else it is skipped.
  std::optional<std::string> string();

  // The next value, if it is a number, true, false or null, as it stands there. Else it is skipped.
  std::optional<std::string_view> scalar();

  // Passes by the next value, whatever is in it.
  void skip();

  // Did the text end where a value, a key or a bracket had to come?
  bool is_broken() const { return broken_; }

 private:
  void skip_space();
  bool take(char wanted);
  void give_up();
  std::string read_string();
  void append_escape(std::string& out);
  std::optional<unsigned> read_hex4();
  std::string_view read_word();

  ByteView text_;
  std::size_t at_ = 0;
  bool broken_ = false;
};

}  // namespace entrepot::oci::internal
