#pragma once
// blob/fs/internal/long_reads.h — how many uploads are read from beginning to end at once.

#include <cstdint>
#include <utility>

#include "base/context.h"
#include "base/mutex.h"

namespace entrepot::blob::fs {

// Reading an upload again takes as long as the upload is large, on a thread that others need, too.
// Few read at once, few more wait for their turn, and the rest are sent away. Short ones need no
// turn. Thread-safe.
class LongReads {
 public:
  // While it lives, one may read.
  class Turn {
   public:
    explicit Turn(LongReads* reads) : reads_(reads) {}
    Turn(Turn&& other) noexcept : reads_(std::exchange(other.reads_, nullptr)) {}
    Turn& operator=(Turn&&) = delete;
    ~Turn();

   private:
    LongReads* reads_;  // null: of a short read
  };

  // Unavailable when too many wait already; Cancelled and Timeout of the context while it waits.
  Result<Turn> begin(Context& context, std::uint64_t size_bytes);

  static constexpr std::uint64_t kShortBytes = 8 << 20;
  static constexpr int kMostReading = 2;
  static constexpr int kMostWaiting = 4;

 private:
  Mutex mutex_;
  CondVar freed_;
  int reading_ ENTREPOT_GUARDED_BY(mutex_) = 0;
  int waiting_ ENTREPOT_GUARDED_BY(mutex_) = 0;
};

}  // namespace entrepot::blob::fs
