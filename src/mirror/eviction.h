#pragma once
// mirror/eviction.h — what nobody pulls any more leaves the mirror.

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "access/subject.h"
#include "jobs/runner.h"
#include "registry/remove.h"

namespace entrepot::mirror {

// Removes manifests of upstreams that were neither pulled nor brought for some time, with their
// tags, as a client would delete them; the collector then frees what only they used. What an index
// lists goes behind the index. Archived repositories stay as they are. Thread-safe; blocks.
class Eviction {
 public:
  // `upstreams`: their names. All of it outlives this.
  Eviction(std::vector<std::string> upstreams, registry::Stores stores, registry::Remover& remover)
      : upstreams_(std::move(upstreams)), stores_(stores), remover_(remover) {}

  // What was used last before then; how many manifests went. `after_step` is called every now and
  // then, and its error ends the work.
  using AfterStep = std::function<Result<void>()>;
  Result<std::uint64_t> evict(Context& context, WallTime before, const AfterStep& after_step);

  // An hour after hour: what was not used for `keep_for`.
  jobs::Kind kind(std::chrono::milliseconds keep_for);

 private:
  struct Page {
    std::vector<oci::Digest> old;
    std::optional<oci::Digest> last;  // none: the repository's end
  };
  Result<Page> look(Context& context, const oci::RepositoryName& name, WallTime before,
                    const std::optional<oci::Digest>& after) const;
  Result<bool> remove(Context& context, const oci::RepositoryName& name, const oci::Digest& digest,
                      WallTime before);
  Result<std::uint64_t> evict_from(Context& context, const oci::RepositoryName& name,
                                   WallTime before, const AfterStep& after_step);

  const std::vector<std::string> upstreams_;
  const registry::Stores stores_;
  registry::Remover& remover_;
  const access::Subject who_{access::SubjectKind::System, 0, "mirror"};
};

}  // namespace entrepot::mirror
