#pragma once
// mirror/breaker.h — when to stop asking an upstream that does not answer.

#include <chrono>

#include "base/clock.h"
#include "base/mutex.h"

namespace entrepot::mirror {

// After kMostFaults in a row nobody waits for the upstream any more, but one who asks it after a
// pause: 5 s, then twice as long each time, up to a minute. Thread-safe.
class Breaker {
 public:
  static constexpr int kMostFaults = 5;
  static constexpr std::chrono::seconds kFirstPause{5};
  static constexpr std::chrono::seconds kLongestPause{60};

  // May this caller ask? After a pause, the first who asks this.
  bool may_ask(SteadyTime now);
  void worked();
  void failed(SteadyTime now);
  bool is_open() const;

 private:
  mutable Mutex mutex_;
  int faults_ ENTREPOT_GUARDED_BY(mutex_) = 0;
  std::chrono::seconds pause_ ENTREPOT_GUARDED_BY(mutex_) = kFirstPause;
  SteadyTime next_try_ ENTREPOT_GUARDED_BY(mutex_);
};

}  // namespace entrepot::mirror
