#pragma once
// scrub/pace.h — how fast a scrub reads.

#include <chrono>
#include <cstdint>

#include "base/clock.h"

namespace entrepot::scrub {

// Spreads a pass evenly over nine tenths of the period, so that each byte is read again within it;
// never above the rate, and never so slowly that a small store takes longer than it must. Yields:
// it rests at least as long as a read took, so whoever makes the disk slow slows it down, too.
// A value; one thread.
class Pace {
 public:
  struct Options {
    std::chrono::milliseconds period;
    std::uint64_t bytes_per_second;  // never more
  };
  explicit Pace(Options options) : options_(options) {}

  // Can so many bytes be read within the period at the rate?
  bool fits(std::uint64_t bytes) const;

  // When the pass that began then should be through.
  WallTime due(WallTime begun) const;

  // What to read each second from now on, with so many bytes to go.
  std::uint64_t bytes_per_second(std::uint64_t bytes_left, WallTime now, WallTime due) const;

  // How long to rest after a read of so many bytes that took so long.
  static std::chrono::microseconds rest(std::uint64_t bytes, std::chrono::microseconds took,
                                        std::uint64_t bytes_per_second);

 private:
  const Options options_;
};

}  // namespace entrepot::scrub
