#pragma once
// people/refresh_tokens.h — what clients keep in place of a password.

#include <chrono>
#include <string>
#include <string_view>

#include "access/subject.h"
#include "base/clock.h"
#include "base/context.h"
#include "base/executor.h"
#include "base/result.h"
#include "meta/store.h"

namespace entrepot::people {

// A refresh token ("ent_ref_…") stands for its user until it was not used for 90 days, and dies
// before that with whatever raises the account's epoch for good: a new password, a disabled
// account. It never changes, for docker cannot write a new one back. It is good for registry tokens
// alone, and no password (SignIn).
//
// Kept as a fingerprint, with the client that asked for it, among the user's secrets, where it can
// be revoked. Thread-safe.
class RefreshTokens {
 public:
  static constexpr std::chrono::hours kUnused{24 * 90};
  // Past these of one user those make room that were not used for longest: a machine may sign in
  // with each of its builds.
  static constexpr std::size_t kMostOfAUser = 1000;

  // That one was used is noted on `executor`, when nobody waits any more, and at most once a day.
  // All of it outlives this, the executor's last task included.
  RefreshTokens(meta::Store& store, Executor& executor, const Clock& clock)
      : store_(store), executor_(executor), clock_(clock) {}

  // A new one for the user who proved a password while the account's epoch was `epoch`; if that has
  // moved on since, it is dead from the start. Durable; waits for a commit. `client` is for people
  // to read (keep_secret).
  Result<std::string> give(Context& context, meta::AccountId user, std::int64_t epoch,
                           std::string_view client);

  // Whose it is. Reads the store, and writes nothing before it returns. Unauthenticated; of one
  // that was right once, with why it counts no more.
  Result<access::Subject> redeem(Context& context, std::string_view text);

 private:
  void note_use(const meta::Secret& secret, WallTime now);

  meta::Store& store_;
  Executor& executor_;
  const Clock& clock_;
};

}  // namespace entrepot::people
