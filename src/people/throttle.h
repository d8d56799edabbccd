#pragma once
// people/throttle.h — how often passwords may be guessed.

#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"
#include "crypto/seeded_hash.h"

namespace entrepot::people {

// Counts failed passwords by account and network together, and by network: an account alone is
// never locked, for then anybody could lock it. A network is a /24 of IPv4 or a /64 of IPv6; what
// tells no address is one network. Where a password was right, the network's count does not hold
// that account up, for as long as it is remembered.
//
// Each count is a bucket that fills with failures and empties with time: kOfAccount at once, then
// one every kPeriod. Bounded: past kMostBuckets the counts are forgotten. Thread-safe, in memory.
class Throttle {
 public:
  static constexpr double kOfAccount = 10;
  static constexpr double kOfNetwork = 100;
  static constexpr std::chrono::seconds kPeriod{6};
  static constexpr std::size_t kMostBuckets = 65'536;

  explicit Throttle(const Clock& clock) : clock_(clock) {}

  // RateLimited when too many were wrong; asked before anything is hashed.
  Result<void> ask(std::string_view account, std::string_view address);
  void failed(std::string_view account, std::string_view address);
  void succeeded(std::string_view account, std::string_view address);

 private:
  struct Bucket {
    double level = 0;
    SteadyTime at{};
    bool trusted = false;
  };
  struct NameHash : crypto::SeededHash {
    using is_transparent = void;
  };

  Bucket& bucket(const std::string& key) ENTREPOT_REQUIRES(mutex_);

  const Clock& clock_;
  Mutex mutex_;
  std::unordered_map<std::string, Bucket, NameHash, std::equal_to<>> buckets_
      ENTREPOT_GUARDED_BY(mutex_);
};

}  // namespace entrepot::people
