#include "blob/fs/internal/long_reads.h"

#include <chrono>

namespace entrepot::blob::fs {
namespace {

constexpr std::chrono::milliseconds kLook{50};  // whether the one who waits is still there

}  // namespace

LongReads::Turn::~Turn() {
  if (reads_ == nullptr) return;
  {
    const MutexLock lock(reads_->mutex_);
    --reads_->reading_;
  }
  reads_->freed_.notify_one();
}

Result<LongReads::Turn> LongReads::begin(Context& context, std::uint64_t size_bytes) {
  if (size_bytes <= kShortBytes) return Turn(nullptr);
  const MutexLock lock(mutex_);
  if (reading_ >= kMostReading && waiting_ >= kMostWaiting) {
    return fail(ErrorCode::Unavailable, "too many uploads are being read again");
  }
  ++waiting_;
  Result<void> alive = context.alive();
  while (alive && reading_ >= kMostReading) {
    freed_.wait_for(mutex_, kLook);
    alive = context.alive();
  }
  --waiting_;
  if (!alive) return propagate(std::move(alive));
  ++reading_;
  return Turn(this);
}

}  // namespace entrepot::blob::fs
