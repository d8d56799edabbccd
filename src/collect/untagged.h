#pragma once
// collect/untagged.h — removes manifests that no tag leads to.

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "access/subject.h"
#include "registry/remove.h"

namespace entrepot::collect {

// What `garbage-collect --delete-untagged` of the distribution registry is for, on a live server.
//
// A manifest stays when a tag points at it, when a live manifest names it (an index its platforms),
// when it is about a manifest that stays (a signature), or when a referrer of it is tagged or
// named. The others are deleted as a client would delete them, with journal rows, and their blobs
// queued for review. Thread-safe; blocks.
class UntaggedManifests {
 public:
  UntaggedManifests(registry::Stores stores, registry::Remover& remover)
      : stores_(stores), remover_(remover) {}

  // Goes through every repository; `after_page` is called every few hundred manifests with how many
  // were removed so far, and an error of it ends the work. What was pushed after `pushed_before`
  // may be waiting for its tag or its index. (Foresight tells beforehand what would go.)
  using AfterPage = std::function<Result<void>(std::uint64_t removed)>;
  Result<std::uint64_t> remove(Context& context, WallTime pushed_before,
                               const AfterPage& after_page);

 private:
  struct Page {
    std::vector<oci::Digest> may_go;
    std::optional<oci::Digest> last;  // none: the repository's end
  };
  Result<Page> look(Context& context, const oci::RepositoryName& name, WallTime pushed_before,
                    const std::optional<oci::Digest>& after) const;
  Result<bool> remove_one(Context& context, const oci::RepositoryName& name,
                          const oci::Digest& digest, WallTime pushed_before);
  Result<std::uint64_t> remove_in(Context& context, const oci::RepositoryName& name,
                                  WallTime pushed_before, const AfterPage& after_page);

  const registry::Stores stores_;
  registry::Remover& remover_;
};

}  // namespace entrepot::collect
