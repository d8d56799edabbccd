#include "mirror/breaker.h"

#include <algorithm>

namespace entrepot::mirror {

bool Breaker::may_ask(SteadyTime now) {
  const MutexLock lock(mutex_);
  if (faults_ < kMostFaults) return true;
  if (now < next_try_) return false;
  next_try_ = now + pause_;
  return true;
}

void Breaker::worked() {
  const MutexLock lock(mutex_);
  faults_ = 0;
  pause_ = kFirstPause;
}

void Breaker::failed(SteadyTime now) {
  const MutexLock lock(mutex_);
  if (faults_ < kMostFaults) {
    if (++faults_ == kMostFaults) next_try_ = now + pause_;
    return;
  }
  pause_ = std::min(2 * pause_, kLongestPause);
  next_try_ = now + pause_;
}

bool Breaker::is_open() const {
  const MutexLock lock(mutex_);
  return faults_ >= kMostFaults;
}

}  // namespace entrepot::mirror
