#pragma once
// auth/testing/scripted_authenticator.h — an authenticator for tests, which needs a look for each
// credential.

#include <atomic>
#include <map>
#include <string>

#include "auth/authenticator.h"

namespace entrepot::auth::testing {

// Without credentials: anonymous, from memory. With some: whom `subjects` names under the whole
// value of Authorization, after a look; Unauthenticated for all others.
class ScriptedAuthenticator final : public Authenticator {
 public:
  std::map<std::string, access::Subject, std::less<>> subjects;  // set before the first question
  Executor* executor = nullptr;                                  // where it wants to look
  bool asks_everybody = false;                                   // also who brings no credentials

  std::variant<access::Subject, Error, Ask> recall(const Caller& caller) const override {
    if (!caller.authorization && !asks_everybody) return access::Subject::anonymous();
    return Ask{executor};
  }
  Result<access::Subject> authenticate(Context& /*context*/, const Caller& caller) const override {
    ++looks;
    if (!caller.authorization) return access::Subject::anonymous();
    const auto found = subjects.find(*caller.authorization);
    if (found != subjects.end()) return found->second;
    return fail(ErrorCode::Unauthenticated, "these credentials are nobody's");
  }

  mutable std::atomic<int> looks = 0;
};

}  // namespace entrepot::auth::testing
