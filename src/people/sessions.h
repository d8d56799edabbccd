#pragma once
// people/sessions.h — what a browser keeps in place of a password.

#include <chrono>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "meta/store.h"

namespace entrepot::people {

// A session is a row, found by the hash of the secret that the browser keeps: SignIn takes that
// secret where the edge says so, and it allows all that its account may do. It ends with sign-out,
// with the account, with its password, and after kSessionLasts, used or not. Thread-safe; blocks.
class Sessions {
 public:
  Sessions(meta::Store& store, const Clock& clock) : store_(store), clock_(clock) {}

  static constexpr std::chrono::hours kSessionLasts{24 * 14};
  // Past these of one user those make room that end first.
  static constexpr std::size_t kMostOfAUser = 100;

  // For the user who proved a password while the account's epoch was `epoch`; if that has moved on
  // since, it is dead from the start. The secret is told once. `client` is how the browser calls
  // itself, for people to read (keep_secret).
  Result<std::string> begin(Context& context, meta::AccountId user, std::int64_t epoch,
                            std::string_view client);
  // Nothing happens to what is no session of ours, or has ended.
  Result<void> end(Context& context, std::string_view secret);

 private:
  meta::Store& store_;
  const Clock& clock_;
};

}  // namespace entrepot::people
