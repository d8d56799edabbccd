#pragma once
// audit/sign_ins.h — sign-ins, until they are records.

#include <chrono>
#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "auth/witness.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "meta/store.h"

namespace entrepot::audit {

// What an authenticator saw waits here, so that signing in waits for no disk, and goes on where
// nothing can be written; flush() makes records of it.
//
// Who signs in again, by the same way and from the same address, is told of once an hour. Attempts
// that fail are told of
//
//   one by one         the first kFailuresTold of an address in a minute, kMostTold of all;
//   as a sum           what else came from an address, when the minute is over, kMostTold of these;
//   as one number      all the rest of the minute.
//
// So a flood, from however many addresses, makes no more records than these, and what cannot be
// written takes no more memory than kMostWaiting of them. No secret is kept: of a name that could
// be none of ours (it may be a password in the wrong field) only that there was one.
//
// Thread-safe.
class SignIns final : public auth::Witness {
 public:
  explicit SignIns(const Clock& clock) : clock_(clock) {}

  static constexpr std::chrono::hours kToldAgain{1};
  static constexpr std::uint32_t kFailuresTold = 10;
  static constexpr std::size_t kMostTold = 200;
  static constexpr std::size_t kMostWaiting = 2000;
  static constexpr std::size_t kMostKnown = 10'000;  // addresses, and who signed in from where

  void saw(const auth::SignInSeen& seen) noexcept override;

  // Writes all that waits, in one transaction. Returns how many records that were. What could not
  // be written goes on waiting.
  Result<std::size_t> flush(Context& context, meta::Store& store);

 private:
  // Of one address, in this minute.
  struct Failures {
    std::uint32_t told = 0;
    std::uint64_t untold = 0;
    std::string name;  // of the last one that was not told of
    std::string how;
  };
  void succeeded(const auth::SignInSeen& seen) ENTREPOT_REQUIRES(mutex_);
  void failed(const auth::SignInSeen& seen) ENTREPOT_REQUIRES(mutex_);
  bool add(events::Event event) ENTREPOT_REQUIRES(mutex_);  // false: there was no room
  void end_minute() ENTREPOT_REQUIRES(mutex_);
  void put_back(std::vector<events::Event> events) ENTREPOT_REQUIRES(mutex_);

  const Clock& clock_;
  Mutex mutex_;
  std::vector<events::Event> waiting_ ENTREPOT_GUARDED_BY(mutex_);
  std::unordered_map<std::string, SteadyTime> told_ ENTREPOT_GUARDED_BY(mutex_);
  std::unordered_map<std::string, Failures> failures_ ENTREPOT_GUARDED_BY(mutex_);
  std::size_t failures_told_ ENTREPOT_GUARDED_BY(mutex_) = 0;  // one by one
  std::uint64_t others_ ENTREPOT_GUARDED_BY(mutex_) = 0;       // failures that are only counted
  SteadyTime minute_ends_ ENTREPOT_GUARDED_BY(mutex_) = {};
};

}  // namespace entrepot::audit
