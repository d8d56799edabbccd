#pragma once
// access/pattern.h — names of repositories, many at once.

#include <string>
#include <string_view>

#include "base/result.h"

namespace entrepot::access {

// A repository's name in which a part may hold wildcards: `*` is any number of characters within
// one part, `**`, which is a part of its own, is one part or more. So `acme/*` matches acme/app and
// not acme/web/app; `acme/**` matches both, and not acme; `**` matches everything.
//
// A value; always valid. Matching takes time in proportion to pattern × name, and no more.
class Pattern {
 public:
  static constexpr std::size_t kMaxLength = 255;

  // InvalidArgument for what could match no repository: an empty part, a character that no name
  // has, `**` beside others in one part.
  static Result<Pattern> parse(std::string_view text);

  const std::string& str() const { return text_; }
  bool matches(std::string_view repository) const;
  // Without wildcards it is a repository's name.
  bool is_literal() const { return text_.find('*') == std::string::npos; }
  // The first part, when that has no wildcard and is not all there is; else "".
  std::string_view name_space() const;

  friend bool operator==(const Pattern&, const Pattern&) = default;

 private:
  explicit Pattern(std::string_view text) : text_(text) {}
  std::string text_;
};

// The same for a text that was checked before.
bool pattern_matches(std::string_view pattern, std::string_view repository);

}  // namespace entrepot::access
