#include "blob/fs/internal/reserve.h"

#include "base/log.h"
#include "blob/fs/internal/layout.h"

namespace entrepot::blob::fs {

namespace {
const std::string kPath(layout::kReserve);
constexpr std::chrono::seconds kBetweenTries(1);
}  // namespace

void Reserve::prepare() {
  const MutexLock lock(mutex_);
  if (auto result = hold(); !result)
    log::warning("no space is held in reserve: {}", result.error());
}

Result<void> Reserve::require() {
  if (held()) return {};
  const MutexLock lock(mutex_);
  if (held()) return {};
  if (clock_.steady() < next_try_ || !hold()) {
    return fail(ErrorCode::StorageFull, "the disk is full: what is left is kept for deleting");
  }
  log::info("the disk has space again: pushes go on");
  return {};
}

void Reserve::give_up() {
  const MutexLock lock(mutex_);
  if (!held() || size_bytes_ == 0) return;
  held_.store(false, std::memory_order_release);
  next_try_ = clock_.steady() + kBetweenTries;
  auto removed = files_.remove(kPath);
  log::warning("the disk is full: pushes are refused until {} bytes are free{}", size_bytes_,
               removed ? "" : "; the reserve could not be freed");
}

Result<void> Reserve::hold() {
  if (size_bytes_ > 0) {
    next_try_ = clock_.steady() + kBetweenTries;
    auto file = files_.create(kPath);
    // There from the last run: allocating what is allocated costs nothing.
    if (!file && file.error().code == ErrorCode::AlreadyExists) file = files_.open_to_write(kPath);
    if (!file) return propagate(std::move(file));
    if (auto allocated = files_.allocate(**file, size_bytes_); !allocated) {
      // A part of it may have been allocated. If it cannot be freed, the next try takes it up.
      static_cast<void>(files_.remove(kPath));
      return allocated;
    }
  }
  held_.store(true, std::memory_order_release);
  return {};
}

}  // namespace entrepot::blob::fs
