#pragma once
// blob/fs/internal/reserve.h — room kept free on the disk for what must work when it is full.

#include <atomic>

#include "base/clock.h"
#include "base/mutex.h"
#include "blob/fs/internal/files.h"

namespace entrepot::blob::fs {

// Space held back on the data directory's disk, as a file of allocated blocks: deleting and writing
// metadata need a little room themselves, so a disk that blobs have filled could never be emptied.
//
// It is *held*, or *given up*. give_up() frees the space when a write has found the disk full; from
// then on require(), which everything asks that would fill the disk with blobs, answers
// StorageFull, so the room is left to the rest. require() also tries to hold the space again, at
// most once a second: when that succeeds there is space once more, and pushes go on. Thread-safe;
// may block.
class Reserve {
 public:
  // Nothing is held yet. A size of 0 holds nothing and refuses nothing.
  Reserve(Files& files, const Clock& clock, std::uint64_t size_bytes)
      : files_(files), clock_(clock), size_bytes_(size_bytes) {}

  // Holds the space, if there is as much; a full disk is no error, it leaves the reserve given up.
  void prepare();

  // Ok, or StorageFull while the reserve is given up.
  Result<void> require();

  void give_up();
  bool held() const { return held_.load(std::memory_order_acquire); }

 private:
  Result<void> hold() ENTREPOT_REQUIRES(mutex_);

  Files& files_;
  const Clock& clock_;
  const std::uint64_t size_bytes_;
  std::atomic<bool> held_ = false;
  Mutex mutex_;
  SteadyTime next_try_ ENTREPOT_GUARDED_BY(mutex_);
};

}  // namespace entrepot::blob::fs
