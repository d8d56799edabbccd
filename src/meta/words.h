#pragma once
// meta/words.h — what repositories say of themselves.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "meta/rows.h"

namespace entrepot::meta {

struct DescribedName {
  RepositoryName name;
  std::string description;  // "": none
};

// Which names: those that begin with `beginning` ("" is the beginning of all), or, where
// `visibility` says so, those of that one.
struct NameRange {
  std::optional<Visibility> visibility = {};
  std::string beginning = {};
};

struct Readme {
  std::string markdown;
  WallTime changed_at;
};

// They go with the repository. Texts are taken as they are: who writes them has looked at them.
class Words {
 public:
  virtual ~Words() = default;
  // Of repositories that hold a manifest. Costs what the page holds, whatever else there is.
  virtual Result<std::vector<DescribedName>> list(const NameRange& range, std::string_view after,
                                                  std::size_t limit) const = 0;
  virtual Result<std::string> description(RepositoryId repository) const = 0;
  virtual Result<Readme> readme(RepositoryId repository) const = 0;

  virtual Result<void> set_description(RepositoryId repository, std::string_view text) = 0;
  virtual Result<void> set_readme(RepositoryId repository, std::string_view markdown,
                                  WallTime at) = 0;
  virtual Result<void> remove_readme(RepositoryId repository) = 0;  // NotFound
};

}  // namespace entrepot::meta
