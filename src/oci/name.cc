#include "oci/name.h"

#include <algorithm>
#include <optional>

#include "oci/internal/excerpt.h"

namespace entrepot::oci {
namespace {

using internal::excerpt;

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }

// The length of the separator that `text` begins with: one of . _ __ or any number of dashes; 0 for
// none.
std::size_t separator_length(std::string_view text) {
  if (text.starts_with("__")) return 2;
  if (text.starts_with('.') || text.starts_with('_')) return 1;
  return std::min(text.find_first_not_of('-'), text.size());
}

// [a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*
bool is_part(std::string_view text) {
  for (;;) {
    const auto end = std::find_if_not(text.begin(), text.end(),
                                      [](char c) { return is_lower(c) || is_digit(c); });
    if (end == text.begin()) return false;
    text.remove_prefix(static_cast<std::size_t>(end - text.begin()));
    if (text.empty()) return true;
    const std::size_t separator = separator_length(text);
    if (separator == 0) return false;
    text.remove_prefix(separator);
  }
}

// The first of the parts between slashes that is none.
std::optional<std::string_view> find_bad_part(std::string_view text) {
  for (std::size_t begin = 0; begin <= text.size();) {
    const std::size_t end = std::min(text.find('/', begin), text.size());
    const std::string_view part = text.substr(begin, end - begin);
    if (!is_part(part)) return part;
    begin = end + 1;
  }
  return std::nullopt;
}

bool is_tag_character(char c) {
  return is_lower(c) || is_upper(c) || is_digit(c) || c == '_' || c == '.' || c == '-';
}

}  // namespace

Result<RepositoryName> RepositoryName::parse(std::string_view text) {
  if (text.size() > kMaxLength) {
    return fail(ErrorCode::InvalidArgument, "repository name {} is longer than {} characters",
                excerpt(text.substr(0, kMaxLength)), kMaxLength);
  }
  if (const auto part = find_bad_part(text)) {
    return fail(ErrorCode::InvalidArgument,
                "repository name {}: the part {} is not lower-case letters and digits, with "
                "single \".\", \"_\", \"__\" or dashes between them",
                excerpt(text), excerpt(*part));
  }
  return RepositoryName(text);
}

bool RepositoryName::is_valid(std::string_view text) {
  return text.size() <= kMaxLength && !find_bad_part(text);
}

std::string_view RepositoryName::name_space() const {
  const std::size_t slash = text_.find('/');
  return slash == std::string::npos ? std::string_view() : std::string_view(text_).substr(0, slash);
}

Result<Tag> Tag::parse(std::string_view text) {
  constexpr std::size_t kMaxLength = 128;
  const bool ok = !text.empty() && text.size() <= kMaxLength && text[0] != '.' && text[0] != '-' &&
                  std::all_of(text.begin(), text.end(), is_tag_character);
  if (!ok) {
    return fail(ErrorCode::InvalidArgument,
                "{} is not a tag: want 1 to {} letters, digits, \"_\", \".\", \"-\", not beginning "
                "with \".\" or \"-\"",
                excerpt(text), kMaxLength);
  }
  return Tag(text);
}

Result<Reference> parse_reference(std::string_view text) {
  if (text.find(':') != std::string_view::npos) {
    TRY_ASSIGN(const Digest digest, Digest::parse(text));
    return Reference(digest);
  }
  TRY_ASSIGN(Tag tag, Tag::parse(text));
  return Reference(std::move(tag));
}

std::string to_string(const Reference& reference) {
  if (const auto* digest = std::get_if<Digest>(&reference)) return digest->to_string();
  return std::get<Tag>(reference).str();
}

}  // namespace entrepot::oci
