#pragma once
// meta/sqlite/internal/health.h — may the file still be written?

#include <optional>

#include "base/log.h"
#include "base/mutex.h"
#include "base/result.h"

namespace entrepot::meta::sqlite {

// Remembers the first sign of a damaged disk or file. From then on the store is read-only, until it
// is opened again. Thread-safe.
class Health {
 public:
  // Unavailable once there was damage.
  Result<void> check() const {
    const MutexLock lock(mutex_);
    if (damage_) return Failure(*damage_);
    return {};
  }

  void note(const std::optional<Error>& damage) {
    if (!damage) return;
    const MutexLock lock(mutex_);
    if (damage_) return;
    damage_ = Error{
        ErrorCode::Unavailable,
        fmt::format("the metadata is read-only since it was found damaged: {}", damage->message)};
    log::error("{}; reads go on; start again once the disk is well", damage_->message);
  }

 private:
  mutable Mutex mutex_;
  std::optional<Error> damage_ ENTREPOT_GUARDED_BY(mutex_);
};

}  // namespace entrepot::meta::sqlite
