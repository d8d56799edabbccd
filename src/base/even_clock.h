#pragma once
// base/even_clock.h — the time of day without its jumps.

#include "base/clock.h"

namespace entrepot {

// The wall time when this was made, and the time that passed since. What this clock stamped is as
// old by it as the time that passed, whatever was done to the wall clock meanwhile: set it far off
// and back between two looks, and nobody who compares two clocks would have noticed. It is as wrong
// as the wall clock was at the start, so it is for ages, not for people; what an earlier process
// stamped may be far off by it (registry::ClockWatch notices). A machine that sleeps makes it late.
//
// Thread-safe. Copies tell the same time. The clock outlives it.
class EvenClock final : public Clock {
 public:
  explicit EvenClock(const Clock& clock)
      : clock_(&clock), begin_wall_(clock.wall()), begin_steady_(clock.steady()) {}

  WallTime wall() const override {
    return begin_wall_ +
           std::chrono::duration_cast<std::chrono::microseconds>(steady() - begin_steady_);
  }
  SteadyTime steady() const override { return clock_->steady(); }

 private:
  const Clock* clock_;
  WallTime begin_wall_;
  SteadyTime begin_steady_;
};

}  // namespace entrepot
