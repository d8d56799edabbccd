#include "http/server/internal/buffer_pool.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstdlib>
#include <utility>

#include "base/check.h"

namespace entrepot::http::server::internal {
namespace {

// Mapped memory costs only the pages that are written to, and goes back to the system for sure.
char* map(std::size_t size) {
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  return memory == MAP_FAILED ? nullptr : static_cast<char*>(memory);
}

bool is_mapped(std::size_t capacity) { return capacity >= BufferPool::kMedium; }

}  // namespace

Buffer::Buffer(Buffer&& other) noexcept { *this = std::move(other); }

Buffer& Buffer::operator=(Buffer&& other) noexcept {
  if (this == &other) return *this;
  release();
  pool_ = std::exchange(other.pool_, nullptr);
  data_ = std::exchange(other.data_, nullptr);
  capacity_ = std::exchange(other.capacity_, 0);
  return *this;
}

void Buffer::release() {
  if (data_ == nullptr) return;
  pool_->give_back(std::exchange(data_, nullptr), std::exchange(capacity_, 0));
}

BufferPool::~BufferPool() {
  CHECK(lent_bytes_ == 0);
  for (char* data : spare_) ::munmap(data, kLarge);
}

Buffer BufferPool::try_take(std::size_t wanted_bytes, bool has_waited) {
  const MutexLock lock(mutex_);
  if (!waiters_.empty() && !has_waited) return {};
  const std::size_t largest = lent_bytes_ < limit_bytes_ / 4 ? kLarge : kMedium;
  const std::size_t capacity = std::clamp<std::size_t>(wanted_bytes, 1, largest);
  if (!has_room_for(capacity)) return {};

  char* data = nullptr;
  if (capacity == kLarge && !spare_.empty()) {
    data = spare_.back();
    spare_.pop_back();
  } else {
    data = is_mapped(capacity) ? map(capacity) : static_cast<char*>(std::malloc(capacity));
  }
  machine_is_full_ = data == nullptr;
  if (machine_is_full_) return {};
  lent_bytes_ += capacity;
  lent_gauge_.add(static_cast<std::int64_t>(capacity));
  return Buffer(this, data, capacity);
}

bool BufferPool::has_room_for(std::size_t capacity) const {
  const std::size_t kept_back = capacity > kSmall ? limit_bytes_ / 4 : 0;
  return lent_bytes_ + capacity <= limit_bytes_ - kept_back;
}

void BufferPool::give_back(char* data, std::size_t capacity) {
  std::vector<std::function<void()>> waiters;
  {
    const MutexLock lock(mutex_);
    lent_bytes_ -= capacity;
    machine_is_full_ = false;
    lent_gauge_.add(-static_cast<std::int64_t>(capacity));
    if (capacity == kLarge && spare_.size() < kSpareBuffers) {
      spare_.push_back(data);
    } else if (is_mapped(capacity)) {
      ::munmap(data, capacity);
    } else {
      std::free(data);
    }
    waiters = take_waiters();
  }
  for (const auto& call : waiters) call();
}

void BufferPool::call_when_free(std::function<void()> wake) {
  std::vector<std::function<void()>> waiters;
  {
    const MutexLock lock(mutex_);
    waiters_.push_back(std::move(wake));
    is_wanted_.store(true, std::memory_order_relaxed);
    waiters = take_waiters();  // room may have come since the attempt that failed
  }
  for (const auto& call : waiters) call();
}

std::vector<std::function<void()>> BufferPool::take_waiters() {
  if (waiters_.empty() || machine_is_full_ || !has_room_for(kSmall)) return {};
  is_wanted_.store(false, std::memory_order_relaxed);
  return std::exchange(waiters_, {});
}

std::size_t BufferPool::lent_bytes() const {
  const MutexLock lock(mutex_);
  return lent_bytes_;
}

}  // namespace entrepot::http::server::internal
