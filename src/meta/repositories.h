#pragma once
// meta/repositories.h — which repositories there are.

#include <chrono>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "meta/rows.h"

namespace entrepot::meta {

// What Repositories::find_or_create found or made.
struct FoundRepository : Repository {
  bool is_new = false;
};

// Repositories are made by the first push. One that holds no manifest is still found, for
// kEmptyStays after its last manifest was removed or its last blob came; see Retention.
class Repositories {
 public:
  virtual ~Repositories() = default;
  virtual Result<Repository> find(const RepositoryName& name) const = 0;
  // Those that hold a manifest. Empty ones cost nothing, however many there are.
  virtual Result<std::vector<RepositoryName>> list(std::string_view after,
                                                   std::size_t limit) const = 0;
  // The empty ones as well.
  virtual Result<std::vector<RepositoryName>> list_all(std::string_view after,
                                                       std::size_t limit) const = 0;
  // Those of a namespace, the empty ones as well; `after`: a name, or "".
  virtual Result<std::vector<RepositoryName>> list_below(std::string_view name_space,
                                                         std::string_view after,
                                                         std::size_t limit) const = 0;
  // Those that link a blob, the newest first; those of a going or damaged one, too. `blob` may be
  // an alias.
  virtual Result<std::vector<RepositoryName>> having(const Digest& blob,
                                                     std::size_t limit) const = 0;
  // Does anything lie below this namespace, empty or not?
  virtual Result<bool> any_below(std::string_view name_space) const = 0;

  // Whoever makes one tells the journal (RepositoryCreated). While there are no accounts its
  // visibility is Unset; then it is what its namespace's account says of new ones, or Private.
  virtual Result<FoundRepository> find_or_create(const RepositoryName& name, WallTime now) = 0;
  // These tell listeners (News::people).
  virtual Result<void> set_visibility(RepositoryId repository, Visibility visibility) = 0;
  virtual Result<void> set_archived(RepositoryId repository, bool archived) = 0;
  // Says it of those of which nobody said anything, at most `limit` of them; how many there were.
  virtual Result<std::size_t> settle_visibility(Visibility visibility, std::size_t limit) = 0;

  static constexpr std::chrono::hours kEmptyStays{24};
};

}  // namespace entrepot::meta
