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
// Who signs in again, by the same way and from the same address, is told of once an hour. Of the
// attempts from one address that fail, the first kFailuresTold of a minute are told of one by one,
// and the others together, when that minute is over. Where more waits than kMostWaiting, what comes
// then is told of as a number alone. No secret is kept: of a name that could be none of ours (it
// may be a password in the wrong field) only that there was one.
//
// Thread-safe.
class SignIns final : public auth::Witness {
 public:
  explicit SignIns(const Clock& clock) : clock_(clock) {}

  static constexpr std::chrono::hours kToldAgain{1};
  static constexpr std::uint32_t kFailuresTold = 10;
  static constexpr std::size_t kMostWaiting = 2000;
  static constexpr std::size_t kMostKnown = 10'000;  // addresses, and who signed in from where

  void saw(const auth::SignInSeen& seen) noexcept override;

  // Writes all that waits, in one transaction. Returns how many records that were. What could not
  // be written goes on waiting.
  Result<std::size_t> flush(Context& context, meta::Store& store);

 private:
  struct Failures {
    SteadyTime until;         // the end of the minute
    std::uint32_t times = 0;  // in it
    std::string name;         // of the last one that was not told of
    std::string how;
  };
  void succeeded(const auth::SignInSeen& seen) ENTREPOT_REQUIRES(mutex_);
  void failed(const auth::SignInSeen& seen) ENTREPOT_REQUIRES(mutex_);
  void add(events::Event event) ENTREPOT_REQUIRES(mutex_);
  void end_minutes() ENTREPOT_REQUIRES(mutex_);

  const Clock& clock_;
  Mutex mutex_;
  std::vector<events::Event> waiting_ ENTREPOT_GUARDED_BY(mutex_);
  std::unordered_map<std::string, SteadyTime> told_ ENTREPOT_GUARDED_BY(mutex_);
  std::unordered_map<std::string, Failures> failures_ ENTREPOT_GUARDED_BY(mutex_);
  std::uint64_t uncounted_ ENTREPOT_GUARDED_BY(mutex_) = 0;  // that found no room
};

}  // namespace entrepot::audit
