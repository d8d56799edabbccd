#include "remote/internal/pages.h"

#include <algorithm>

#include "json/reader.h"

namespace entrepot::remote {

Result<std::vector<std::string>> parse_tags(std::string_view body) {
  constexpr json::Names<1> kNames = {"tags"};
  TRY_ASSIGN(const auto document, json::Document::parse(body, "list of tags"));
  TRY_ASSIGN(const auto fields, document.root().fields(kNames));
  std::vector<std::string> tags;
  const auto listed = fields.find(0);
  if (!listed) return tags;
  TRY(listed->each_element("a list", [&](const json::Value& value) -> Result<void> {
    TRY_ASSIGN(std::string tag, value.get<std::string>());
    tags.push_back(std::move(tag));
    return {};
  }));
  return tags;
}

std::optional<std::string> next_target(std::string_view link, const Origin& home) {
  while (true) {
    const std::size_t begin = link.find('<');
    const std::size_t end = link.find('>', begin);
    if (begin == std::string_view::npos || end == std::string_view::npos) return std::nullopt;
    const std::string_view address = link.substr(begin + 1, end - begin - 1);
    link.remove_prefix(end + 1);
    const std::string_view parameters = link.substr(0, link.find('<'));
    if (parameters.find("rel=\"next\"") == std::string_view::npos &&
        parameters.find("rel=next") == std::string_view::npos) {
      continue;
    }
    const bool relative = address.starts_with('/') && !address.starts_with("//");
    const auto target =
        parse_address(relative ? home.text() + std::string(address) : std::string(address));
    // Behind a proxy many tell the wrong scheme or port.
    if (!target || target->origin.host != home.host) return std::nullopt;
    return target->target;
  }
}

void NextPages::remember(std::string_view repository, std::string_view last, std::string target) {
  const MutexLock lock(mutex_);
  if (targets_.size() >= kMost) targets_.clear();
  targets_.insert_or_assign(Key(repository, last), std::move(target));
}

std::optional<std::string> NextPages::find(std::string_view repository,
                                           std::string_view last) const {
  const MutexLock lock(mutex_);
  const auto at = targets_.find(Key(repository, last));
  if (at == targets_.end()) return std::nullopt;
  return at->second;
}

}  // namespace entrepot::remote
