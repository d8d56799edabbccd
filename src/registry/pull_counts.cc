#include "registry/pull_counts.h"

#include <algorithm>
#include <span>
#include <utility>

#include "base/memory.h"
#include "registry/hot_cache.h"

namespace entrepot::registry {

void PullCounts::count(std::string_view repository, const HotManifest& manifest) noexcept {
  if (manifest.tally == nullptr || !manifest.tally->add()) return;
  const bool noted = had_memory([&] {
    const MutexLock lock(mutex_);
    if (touched_.size() < kMost) {
      touched_.push_back({std::string(repository), manifest.digest, manifest.tally});
    }
  });
  if (!noted) manifest.tally->take();  // so that the next one is a first one again
}

// Past kMost what came is left out.
void PullCounts::gather(std::vector<Touched> touched) {
  const WallTime now = clock_.wall();
  for (Touched& each : touched) {
    const std::uint32_t times = each.tally->take();
    auto name = oci::RepositoryName::parse(each.repository);
    auto digest = oci::Digest::parse(each.digest);
    if (!name || !digest || unwritten_.size() >= kMost) continue;
    unwritten_.push_back({*std::move(name), *std::move(digest), times, now});
  }
}

Result<void> PullCounts::write(Context& context, meta::Store& store) {
  std::vector<Touched> touched;
  {
    const MutexLock lock(mutex_);
    touched.swap(touched_);
  }
  gather(std::move(touched));
  while (!unwritten_.empty()) {
    const std::size_t size = std::min(unwritten_.size(), kMostInATransaction);
    const std::span<const meta::PullNote> last(unwritten_.end() - static_cast<std::ptrdiff_t>(size),
                                               unwritten_.end());
    TRY(store.write(context, {[&](meta::Transaction& tx) { return tx.pulls().note(last); },
                              meta::Weight::Large}));
    unwritten_.erase(unwritten_.end() - static_cast<std::ptrdiff_t>(size), unwritten_.end());
  }
  return {};
}

}  // namespace entrepot::registry
