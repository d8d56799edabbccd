#pragma once
// base/testing/fake_clock.h — a clock that stands still until a test moves it.

#include <atomic>

#include "base/clock.h"

namespace entrepot::testing {

// Thread-safe. Both times move together, unless the wall clock jumps.
class FakeClock final : public Clock {
 public:
  // Starts at 2026-01-01T00:00:00Z, or at `start`.
  explicit FakeClock(WallTime start = from_unix_micros(1'767'225'600'000'000))
      : micros_(to_unix_micros(start)) {}

  void advance(std::chrono::microseconds by) { micros_ += by.count(); }
  void jump(std::chrono::microseconds by) { jumped_ += by.count(); }

  WallTime wall() const override { return from_unix_micros(micros_ + jumped_); }
  SteadyTime steady() const override { return SteadyTime(std::chrono::microseconds(micros_)); }

 private:
  std::atomic<std::int64_t> micros_;
  std::atomic<std::int64_t> jumped_ = 0;
};

}  // namespace entrepot::testing
