#pragma once
// registry/clock_watch.h — notices when the wall clock jumped.

#include <chrono>
#include <optional>
#include <string>

#include "base/clock.h"
#include "meta/store.h"

namespace entrepot::registry {

// A clock that is less wrong than this is not worth a word, and so is a pause between two servers.
inline constexpr std::chrono::hours kClockTolerance{1};

struct ClockLook {
  WallTime wall;
  SteadyTime steady;
  // How far the clock went beyond the time that passed since the last look that was settled, or
  // fell behind it; zero within the watch's tolerance.
  std::chrono::microseconds jump{0};
  bool is_first = false;  // of this process: `jump` holds the time in which none ran, too
};

// For those who remove what is old. It compares a clock with the steady one, and, since the time of
// the last look is kept in the metadata, with that of the process before this one, of which it
// cannot tell a jump from a pause. What jumps there and back between two looks it does not see: who
// stamps by an EvenClock, and watches that, needs it for restarts alone. One thread at a time;
// blocks.
class ClockWatch {
 public:
  // `key`: under which setting the time is kept; each watch has its own.
  ClockWatch(meta::Store& meta, const Clock& clock, std::string key,
             std::chrono::microseconds tolerance = kClockTolerance)
      : meta_(meta), clock_(clock), key_(std::move(key)), tolerance_(tolerance) {}

  Result<ClockLook> look(Context& context);

  // What this look told was taken care of. Until then every look tells it again.
  Result<void> settle(Context& context, const ClockLook& look);

 private:
  Result<std::optional<WallTime>> kept(Context& context);

  meta::Store& meta_;
  const Clock& clock_;
  const std::string key_;
  const std::chrono::microseconds tolerance_;
  std::optional<ClockLook> last_;
  SteadyTime keep_again_;
};

}  // namespace entrepot::registry
