#include "access/pattern.h"

#include <algorithm>

namespace entrepot::access {
namespace {

constexpr std::string_view kAnyDepth = "**";

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
}

// The first part of `text`, which is left with what stands behind it.
std::string_view take_part(std::string_view& text) {
  const std::size_t end = std::min(text.find('/'), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return part;
}

// Of one part each. Goes back to the last `*` alone: no more is ever needed.
bool part_matches(std::string_view pattern, std::string_view name) {
  std::size_t at = 0;
  std::size_t star = std::string_view::npos;
  std::size_t resume = 0;
  std::size_t i = 0;
  while (i < name.size()) {
    if (at < pattern.size() && pattern[at] == '*') {
      star = at++;
      resume = i;
    } else if (at < pattern.size() && pattern[at] == name[i]) {
      ++at;
      ++i;
    } else if (star != std::string_view::npos) {
      at = star + 1;
      i = ++resume;
    } else {
      return false;
    }
  }
  return pattern.find_first_not_of('*', at) == std::string_view::npos;
}

}  // namespace

Result<Pattern> Pattern::parse(std::string_view text) {
  const auto wrong = [text](std::string_view why) {
    return fail(ErrorCode::InvalidArgument, "\"{}\" is no pattern for repositories: {}", text, why);
  };
  if (text.empty()) return wrong("it is empty");
  if (text.size() > kMaxLength) return wrong("it is too long");
  if (text.back() == '/') return wrong("it ends with a slash");
  std::string_view rest = text;
  while (!rest.empty()) {
    const std::string_view part = take_part(rest);
    if (part.empty()) return wrong("a part is empty");
    if (part == kAnyDepth) continue;
    if (part.find(kAnyDepth) != std::string_view::npos) {
      return wrong("** stands for whole parts, as in acme/**");
    }
    if (!std::all_of(part.begin(), part.end(),
                     [](char c) { return c == '*' || is_name_character(c); })) {
      return wrong("names have lower-case letters, digits and . _ - alone");
    }
  }
  return Pattern(text);
}

bool Pattern::matches(std::string_view repository) const {
  return pattern_matches(text_, repository);
}

std::string_view Pattern::name_space() const {
  const std::size_t slash = text_.find('/');
  if (slash == std::string::npos) return {};
  const std::string_view first = std::string_view(text_).substr(0, slash);
  return first.find('*') == std::string_view::npos ? first : std::string_view();
}

// As part_matches, a part at a time.
bool pattern_matches(std::string_view pattern, std::string_view repository) {
  bool has_resume = false;
  std::string_view after_any;  // the pattern behind the last `**`
  std::string_view resume;     // the name from where that is tried
  while (!repository.empty()) {
    std::string_view rest = pattern;
    const std::string_view part = take_part(rest);
    std::string_view further = repository;
    const std::string_view name = take_part(further);
    if (part == kAnyDepth) {
      has_resume = true;
      after_any = pattern = rest;
      resume = repository = further;
    } else if (!pattern.empty() && part_matches(part, name)) {
      pattern = rest;
      repository = further;
    } else if (has_resume) {
      take_part(resume);
      pattern = after_any;
      repository = resume;
    } else {
      return false;
    }
  }
  return pattern.empty();
}

}  // namespace entrepot::access
