#pragma once
// oci/name.h — names that people type: repositories, tags, and references to one or a digest.

#include <compare>
#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"
#include "oci/digest.h"

namespace entrepot::oci {

// One or more parts joined by "/": [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)* each, at most 255 characters
// in all (distribution-spec, "Pulling manifests"). A value; always valid. parse is linear in the
// length and looks at no more than 256 characters.
class RepositoryName {
 public:
  static constexpr std::size_t kMaxLength = 255;
  static Result<RepositoryName> parse(std::string_view text);  // InvalidArgument
  // Would it be parsed? Allocates nothing.
  static bool is_valid(std::string_view text);

  const std::string& str() const { return text_; }
  // The first part when there is more than one, else empty: the root namespace.
  std::string_view name_space() const;

  friend auto operator<=>(const RepositoryName&, const RepositoryName&) = default;

 private:
  explicit RepositoryName(std::string_view text) : text_(text) {}
  std::string text_;
};

// [a-zA-Z0-9_][a-zA-Z0-9._-]{0,127}. A value; always valid.
class Tag {
 public:
  static Result<Tag> parse(std::string_view text);  // InvalidArgument

  const std::string& str() const { return text_; }
  friend auto operator<=>(const Tag&, const Tag&) = default;

 private:
  explicit Tag(std::string_view text) : text_(text) {}
  std::string text_;
};

// What stands behind /manifests/ in a path: a tag, or a digest (whatever has a ":").
using Reference = std::variant<Tag, Digest>;
Result<Reference> parse_reference(std::string_view text);  // InvalidArgument
std::string to_string(const Reference& reference);

}  // namespace entrepot::oci
