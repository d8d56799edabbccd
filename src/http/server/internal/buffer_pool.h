#pragma once
// http/server/internal/buffer_pool.h — the memory that request bodies are received into.

#include <atomic>
#include <cstddef>
#include <functional>
#include <vector>

#include "base/metrics.h"
#include "base/mutex.h"

namespace entrepot::http::server::internal {

class BufferPool;

// Memory on loan from a pool; move-only, given back on destruction.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  ~Buffer() { release(); }

  explicit operator bool() const { return data_ != nullptr; }
  char* data() const { return data_; }
  std::size_t capacity() const { return capacity_; }
  void release();

 private:
  friend class BufferPool;
  Buffer(BufferPool* pool, char* data, std::size_t capacity)
      : pool_(pool), data_(data), capacity_(capacity) {}

  BufferPool* pool_ = nullptr;
  char* data_ = nullptr;
  std::size_t capacity_ = 0;
};

// Hands out at most `limit_bytes` at once. While less than a quarter of that is lent, a push that
// wants much gets kLarge (few syscalls and hand-overs); later ones get kMedium, so that many pushes
// at once stay well below the limit. The last quarter goes out in pieces up to kSmall only: for
// pushes that are slow, or new, and for all when there is nothing else. Pages that nobody wrote to
// cost nothing. Thread-safe, never blocks.
class BufferPool {
 public:
  static constexpr std::size_t kLarge = 1 << 20;
  static constexpr std::size_t kMedium = 256 << 10;
  static constexpr std::size_t kSmall = 16 << 10;

  // `lent` shows how much is lent.
  BufferPool(std::size_t limit_bytes, metrics::Gauge& lent)
      : limit_bytes_(limit_bytes), lent_gauge_(lent) {}
  ~BufferPool();
  BufferPool(const BufferPool&) = delete;
  BufferPool& operator=(const BufferPool&) = delete;

  // At most `wanted_bytes`, at least the smaller of that and kMedium; an empty buffer when the pool
  // or the machine has no room, or others wait for it. `has_waited`: the caller was woken, and goes
  // first.
  Buffer try_take(std::size_t wanted_bytes, bool has_waited = false);

  // Calls `wake` once, from any thread, as soon as trying again may help; perhaps at once, but not
  // when it was the machine that had no memory: who waits has to try again now and then, too.
  void call_when_free(std::function<void()> wake);

  // Does somebody wait? From any thread, without the lock.
  bool is_wanted() const { return is_wanted_.load(std::memory_order_relaxed); }

  std::size_t lent_bytes() const;

 private:
  friend class Buffer;
  static constexpr std::size_t kSpareBuffers = 4;  // kept mapped, so that pages are not made anew

  bool has_room_for(std::size_t capacity) const ENTREPOT_REQUIRES(mutex_);
  void give_back(char* data, std::size_t capacity);
  // Who is to be called, without the lock, because there may be room for them. All are: who comes
  // too late waits again.
  std::vector<std::function<void()>> take_waiters() ENTREPOT_REQUIRES(mutex_);

  const std::size_t limit_bytes_;
  metrics::Gauge& lent_gauge_;
  mutable Mutex mutex_;
  std::size_t lent_bytes_ ENTREPOT_GUARDED_BY(mutex_) = 0;
  std::vector<char*> spare_ ENTREPOT_GUARDED_BY(mutex_);  // each kLarge
  std::vector<std::function<void()>> waiters_ ENTREPOT_GUARDED_BY(mutex_);
  bool machine_is_full_ ENTREPOT_GUARDED_BY(mutex_) = false;
  std::atomic<bool> is_wanted_ = false;
};

}  // namespace entrepot::http::server::internal
