#pragma once
// auth/witness.h — who hears of sign-ins.

#include <string_view>

namespace entrepot::auth {

// One attempt to prove who one is. The views count during the call alone.
struct SignInSeen {
  std::string_view name = {};  // as it was typed
  std::string_view how = {};   // "password", "token"
  bool succeeded = false;
  bool is_robot = false;          // who succeeded
  std::string_view client = {};   // address
  std::string_view request = {};  // id
};

// An authenticator tells it of what it proved, not of what it remembered. Thread-safe.
class Witness {
 public:
  virtual ~Witness() = default;
  // On the thread that decides about the request: short, without I/O.
  virtual void saw(const SignInSeen& seen) noexcept = 0;
};

}  // namespace entrepot::auth
