#pragma once
// base/clock.h — the time, handed in through constructors so that tests can move it.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace entrepot {

using WallTime = std::chrono::sys_time<std::chrono::microseconds>;
using SteadyTime = std::chrono::steady_clock::time_point;

// Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual WallTime wall() const = 0;      // what people call the time; may jump
  virtual SteadyTime steady() const = 0;  // for waiting and measuring; never jumps

  // The machine's own clock; lives as long as the program.
  static const Clock& system();
};

// "2026-01-31T12:00:00.123456Z" (RFC 3339, UTC).
std::string to_rfc3339(WallTime time);
// A time of RFC 3339 with any offset, from 1970 on; digits past microseconds are left out. Nothing
// for any other text.
std::optional<WallTime> parse_rfc3339(std::string_view text);

// Microseconds since 1970: the form in which times are stored.
inline std::int64_t to_unix_micros(WallTime time) { return time.time_since_epoch().count(); }
inline WallTime from_unix_micros(std::int64_t micros) {
  return WallTime(std::chrono::microseconds(micros));
}

}  // namespace entrepot
