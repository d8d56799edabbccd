#pragma once
// remote/internal/pages.h — a list of tags, page by page.

#include <cstddef>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "base/result.h"
#include "remote/internal/address.h"

namespace entrepot::remote {

// What `{"name": …, "tags": […]}` lists; null is an empty list. InvalidArgument.
Result<std::vector<std::string>> parse_tags(std::string_view body);

// The target of the `rel="next"` in a Link header (RFC 8288), as far as it leads to `home` again;
// only path and query are taken of it.
std::optional<std::string> next_target(std::string_view link, const Origin& home);

// Where the next page of a list was said to be, for registries that find it by other means than the
// last name (quay.io). Thread-safe.
class NextPages {
 public:
  static constexpr std::size_t kMost = 256;  // past it all are forgotten, and found by the name

  void remember(std::string_view repository, std::string_view last, std::string target);
  std::optional<std::string> find(std::string_view repository, std::string_view last) const;

 private:
  using Key = std::pair<std::string, std::string>;
  mutable Mutex mutex_;
  std::map<Key, std::string> targets_ ENTREPOT_GUARDED_BY(mutex_);
};

}  // namespace entrepot::remote
