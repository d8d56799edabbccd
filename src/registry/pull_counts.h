#pragma once
// registry/pull_counts.h — how often manifests are pulled, at no price for who pulls.

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "meta/store.h"

namespace entrepot::registry {

struct HotManifest;

// How often one manifest was sent since somebody looked. Thread-safe.
class Tally {
 public:
  // Was it the first?
  bool add() { return times_.fetch_add(1, std::memory_order_relaxed) == 0; }
  std::uint32_t take() { return times_.exchange(0, std::memory_order_relaxed); }

 private:
  std::atomic<std::uint32_t> times_ = 0;
};

// Gathers in memory what write() brings to the metadata about once a minute: a manifest that is
// pulled a thousand times a second is written once. A process that is killed loses what came since
// the last write. Thread-safe.
class PullCounts {
 public:
  // Past so many manifests between two writes, further ones are not counted.
  static constexpr std::size_t kMost = 65'536;
  static constexpr std::size_t kMostInATransaction = 500;

  explicit PullCounts(const Clock& clock) : clock_(clock) {}

  // A GET that was answered with the manifest. On event loops: an addition, and the first time
  // since write() a short lock. Without memory it is not counted.
  void count(std::string_view repository, const HotManifest& manifest) noexcept;

  // What cannot be written stays counted. One caller at a time.
  Result<void> write(Context& context, meta::Store& store);

 private:
  struct Touched {
    std::string repository;
    std::string digest;
    std::shared_ptr<Tally> tally;
  };
  void gather(std::vector<Touched> touched);

  const Clock& clock_;
  Mutex mutex_;
  std::vector<Touched> touched_ ENTREPOT_GUARDED_BY(mutex_);
  std::vector<meta::PullNote> unwritten_;  // of write() alone
};

}  // namespace entrepot::registry
