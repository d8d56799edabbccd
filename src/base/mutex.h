#pragma once
// base/mutex.h — a mutex, its scoped lock and a condition variable whose use Clang checks while it
// compiles.

#include <chrono>
#include <condition_variable>
#include <mutex>

// What the words mean: https://clang.llvm.org/docs/ThreadSafetyAnalysis.html. g++ skips them; every
// preset that compiles with Clang takes a breach for an error.
#if defined(__clang__)
#define ENTREPOT_ANALYSIS(attribute) __attribute__((attribute))
#else
#define ENTREPOT_ANALYSIS(attribute)
#endif

// Of a member: read and written with that mutex only.
#define ENTREPOT_GUARDED_BY(mutex) ENTREPOT_ANALYSIS(guarded_by(mutex))
// Of a function: its caller has the mutex, and still has it afterwards; or must not have it.
#define ENTREPOT_REQUIRES(...) ENTREPOT_ANALYSIS(requires_capability(__VA_ARGS__))
#define ENTREPOT_EXCLUDES(...) ENTREPOT_ANALYSIS(locks_excluded(__VA_ARGS__))
// Of a function: it takes the mutex, gives it back, or takes it when it returns the first argument.
#define ENTREPOT_ACQUIRE(...) ENTREPOT_ANALYSIS(acquire_capability(__VA_ARGS__))
#define ENTREPOT_RELEASE(...) ENTREPOT_ANALYSIS(release_capability(__VA_ARGS__))
#define ENTREPOT_TRY_ACQUIRE(...) ENTREPOT_ANALYSIS(try_acquire_capability(__VA_ARGS__))
// Of a function: behind it the mutex counts as held, by a way that Clang does not see.
#define ENTREPOT_ASSERTS(...) ENTREPOT_ANALYSIS(assert_capability(__VA_ARGS__))

namespace entrepot {

// std::mutex, at the same size and price. Members that it guards say so with ENTREPOT_GUARDED_BY,
// functions that want it held with ENTREPOT_REQUIRES.
//
// Constructors and destructors are not checked. Elements behind a pointer or an iterator are not
// followed: a struct whose fields another object's mutex guards says it in words.
class ENTREPOT_ANALYSIS(capability("mutex")) Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() ENTREPOT_ACQUIRE() { native_.lock(); }
  void unlock() ENTREPOT_RELEASE() { native_.unlock(); }
  [[nodiscard]] bool try_lock() ENTREPOT_TRY_ACQUIRE(true) { return native_.try_lock(); }

  // Tells the analysis that the caller has it; checks nothing.
  void assert_held() const ENTREPOT_ASSERTS(this) {}

 private:
  friend class CondVar;
  std::mutex native_;
};

// Holds a mutex until the end of its scope. It may be let go before, and taken again.
class ENTREPOT_ANALYSIS(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ENTREPOT_ACQUIRE(mutex) : mutex_(mutex) { mutex_.lock(); }
  // After a try_lock() that succeeded.
  MutexLock(Mutex& mutex, std::adopt_lock_t /*locked*/) ENTREPOT_REQUIRES(mutex) : mutex_(mutex) {}
  ~MutexLock() ENTREPOT_RELEASE() {
    if (holds_) mutex_.unlock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  void unlock() ENTREPOT_RELEASE() {
    mutex_.unlock();
    holds_ = false;
  }
  void lock() ENTREPOT_ACQUIRE() {
    mutex_.lock();
    holds_ = true;
  }

 private:
  Mutex& mutex_;
  bool holds_ = true;
};

// Wakes who waits for what a mutex guards to change. A wait lets the mutex go and has it again when
// it returns, and may return without a reason: it stands in a loop that looks at what it waits for.
// There is none that takes a predicate, because Clang would not know that it runs with the mutex.
class CondVar {
 public:
  using Deadline = std::chrono::steady_clock::time_point;

  void notify_one() noexcept { native_.notify_one(); }
  void notify_all() noexcept { native_.notify_all(); }

  // For threads that are woken to end, too; everything else has a deadline.
  void wait(Mutex& mutex) ENTREPOT_REQUIRES(mutex) {
    Borrowed lock(mutex);
    native_.wait(lock.native);
  }
  // False when the deadline has passed.
  bool wait_until(Mutex& mutex, Deadline deadline) ENTREPOT_REQUIRES(mutex) {
    Borrowed lock(mutex);
    return native_.wait_until(lock.native, deadline) == std::cv_status::no_timeout;
  }
  bool wait_for(Mutex& mutex, std::chrono::microseconds time) ENTREPOT_REQUIRES(mutex) {
    return wait_until(mutex, std::chrono::steady_clock::now() + time);
  }

 private:
  // std::condition_variable wants a lock of its own kind: it gets one that neither took the mutex
  // nor gives it back.
  struct Borrowed {
    explicit Borrowed(Mutex& mutex) : native(mutex.native_, std::adopt_lock) {}
    ~Borrowed() { static_cast<void>(native.release()); }
    std::unique_lock<std::mutex> native;
  };

  std::condition_variable native_;
};

}  // namespace entrepot
