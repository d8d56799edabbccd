#pragma once
// registry/ages.h — how old things are by the time that passed, whatever the clock says.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "meta/store.h"
#include "registry/clock_watch.h"

namespace entrepot::registry {

// For those who remove what is older than an age. The wall clock's jumps forwards are kept in the
// metadata for as long as anything stamped before them may still wait, so that what waits goes on
// waiting for as long as it still had to; time in which no server ran, beyond an hour, counts as
// such a jump, because nobody could tell the two apart. A clock that is put back makes things
// younger, for as long as it takes to reach the old time again. What a clock stamped that jumped
// there and back between two looks is judged by its stamp, unless that clock is an EvenClock.
//
// Thread-safe, but for look().
class Ages {
 public:
  // `key`: under which settings the time and the jumps are kept; each has its own.
  Ages(meta::Store& meta, const Clock& clock, const std::string& key)
      : meta_(meta), clock_(clock), key_(key + ".jumps"), watch_(meta, clock, key) {}

  // Looks at the clock and keeps what it told. From time to time, and before the first thing is
  // removed; one thread at a time; blocks.
  Result<void> look(Context& context);

  // What was stamped before this has reached `age`. A jump since the last look counts already.
  // Never blocks.
  WallTime before(std::chrono::microseconds age) const;

 private:
  struct Jump {
    WallTime to;
    std::chrono::microseconds by;
  };
  void note(const ClockLook& now) ENTREPOT_REQUIRES(mutex_);
  Result<void> read_kept(Context& context);
  Result<void> keep(Context& context);

  // More than a year of nightly pauses.
  static constexpr std::size_t kMostJumps = 500;

  meta::Store& meta_;
  const Clock& clock_;
  const std::string key_;
  ClockWatch watch_;
  bool kept_is_read_ = false;

  mutable Mutex mutex_;
  std::vector<Jump> jumps_ ENTREPOT_GUARDED_BY(mutex_);  // oldest first
  struct Moment {
    WallTime wall;
    SteadyTime steady;
  };
  std::optional<Moment> last_ ENTREPOT_GUARDED_BY(mutex_);
};

}  // namespace entrepot::registry
