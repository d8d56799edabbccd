#include "scrub/pace.h"

#include <algorithm>

namespace entrepot::scrub {

using std::chrono::microseconds;
using std::chrono::seconds;

namespace {

constexpr std::uint64_t kLeastBytesPerSecond = 256 << 10;

}  // namespace

bool Pace::fits(std::uint64_t bytes) const {
  const double time = std::chrono::duration<double>(options_.period).count();
  return static_cast<double>(bytes) <= static_cast<double>(options_.bytes_per_second) * time;
}

WallTime Pace::due(WallTime begun) const { return begun + options_.period * 9 / 10; }

std::uint64_t Pace::bytes_per_second(std::uint64_t bytes_left, WallTime now, WallTime due) const {
  const auto left = std::max<microseconds>(due - now, seconds(1));
  const auto needed = static_cast<std::uint64_t>(static_cast<double>(bytes_left) /
                                                 std::chrono::duration<double>(left).count());
  return std::min(std::max(needed, kLeastBytesPerSecond), options_.bytes_per_second);
}

microseconds Pace::rest(std::uint64_t bytes, microseconds took, std::uint64_t bytes_per_second) {
  const auto whole = microseconds(
      static_cast<std::int64_t>(1e6 * static_cast<double>(bytes) /
                                static_cast<double>(std::max<std::uint64_t>(bytes_per_second, 1))));
  return std::max(whole - took, took);
}

}  // namespace entrepot::scrub
