#pragma once
// http/server/internal/pace.h — does a push move at all?

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <utility>

namespace entrepot::http::server::internal {

// How many bytes of a body came within the last `window`, as its owner tells in small steps. Time
// in which the client waited for us is left out by not telling it.
class Pace {
 public:
  using Time = std::chrono::milliseconds;

  // What is asked for is so much on average: silence for most of the window is fine.
  static constexpr std::uint64_t kLeastBytesASecond = 1024;

  explicit Pace(Time window) : slice_(std::max(window / kSlices, Time(1))) {}

  // `bytes` came, and `time` passed since the last call.
  void add(Time time, std::uint64_t bytes) {
    current_bytes_ += bytes;
    current_time_ += time;
    current_time_ = std::min(current_time_, slice_ * 2 * kSlices);  // older ones are forgotten
    for (; current_time_ >= slice_; current_time_ -= slice_) {
      slices_[whole_slices_++ % kSlices] = std::exchange(current_bytes_, 0);
    }
  }

  // A whole window has passed, and in the last one less came than was asked for.
  bool is_too_slow() const {
    if (whole_slices_ < kSlices) return false;
    std::uint64_t bytes = current_bytes_;
    for (const std::uint64_t slice : slices_) bytes += slice;
    const auto window = std::chrono::duration<double>(slice_ * kSlices).count();
    return static_cast<double>(bytes) < window * kLeastBytesASecond;
  }

 private:
  static constexpr int kSlices = 10;

  const Time slice_;
  Time current_time_{};
  std::uint64_t current_bytes_ = 0;
  std::uint64_t whole_slices_ = 0;
  std::array<std::uint64_t, kSlices> slices_{};
};

}  // namespace entrepot::http::server::internal
