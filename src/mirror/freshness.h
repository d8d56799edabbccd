#pragma once
// mirror/freshness.h — what upstreams said a short while ago.

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/mutex.h"
#include "crypto/seeded_hash.h"

namespace entrepot::mirror {

// Until when it holds that a tag stands for what is here, or that an upstream does not have
// something. In memory: after a restart each is asked for again. Bounded: when there are too many,
// all are forgotten. Thread-safe; find() holds a mutex for a look-up only, so event loops may call
// it.
class Freshness {
 public:
  explicit Freshness(const Clock& clock) : clock_(clock) {}

  // Nothing when it never held, or does no more.
  std::optional<SteadyTime> find(std::string_view repository, std::string_view reference) const;
  void set(std::string_view repository, std::string_view reference, SteadyTime until);
  void forget(std::string_view repository, std::string_view reference);

 private:
  static constexpr std::size_t kMost = 100'000;

  struct Hash : crypto::SeededHash {
    using is_transparent = void;
  };

  const Clock& clock_;
  mutable Mutex mutex_;
  std::unordered_map<std::string, SteadyTime, Hash, std::equal_to<>> until_
      ENTREPOT_GUARDED_BY(mutex_);
};

}  // namespace entrepot::mirror
