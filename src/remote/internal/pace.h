#pragma once
// remote/internal/pace.h — how often a registry wants to be asked.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "base/clock.h"
#include "base/mutex.h"
#include "http/client/client.h"

namespace entrepot::remote {

// Retry-After (RFC 9110 §10.2.3): seconds, or a date in the form of today's servers; 0 for one that
// has passed. Nothing for any other text.
std::optional<std::chrono::seconds> parse_retry_after(std::string_view text, WallTime now);

// "20" of "20;w=21600".
std::optional<std::uint64_t> parse_remaining(std::string_view text);

// What answers said of it. Thread-safe.
class Pace {
 public:
  static constexpr std::chrono::seconds kUntold = std::chrono::minutes(1);
  static constexpr std::chrono::seconds kLongest = std::chrono::hours(1);

  explicit Pace(const Clock& clock) : clock_(clock) {}

  // Of a registry's or its token service's answer, whatever its status.
  void hear(const http::client::Response& head);
  // A manifest was answered: whoever limits pulls tells of it there.
  void hear_of_pull(const http::client::Response& head);

  std::optional<SteadyTime> rests_until() const;
  std::optional<std::uint64_t> pulls_left() const;

 private:
  const Clock& clock_;
  mutable Mutex mutex_;
  std::optional<SteadyTime> rests_until_ ENTREPOT_GUARDED_BY(mutex_);
  std::optional<std::uint64_t> pulls_left_ ENTREPOT_GUARDED_BY(mutex_);
};

}  // namespace entrepot::remote
