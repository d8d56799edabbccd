#pragma once
// auth/authenticator.h — who is asking: the port behind which credentials become a subject.

#include <optional>
#include <string_view>
#include <variant>

#include "access/subject.h"
#include "base/context.h"
#include "base/executor.h"
#include "base/result.h"

namespace entrepot::auth {

// What a request tells about where it came from. Header values as sent; the views are looked at
// during the call alone.
struct Caller {
  std::string_view address = {};  // the client's; "" when it cannot be told
  bool loopback_peer = false;
  bool tls = false;
  bool forwarded = false;  // it carries something that a proxy adds
  std::optional<std::string_view> host = {};
  std::optional<std::string_view> origin = {};
  std::optional<std::string_view> authorization = {};
  // `authorization` is a secret of ours by itself, without a scheme and a name: the edge took it
  // out of a cookie, or takes it as Bearer. Registry clients cannot come this way.
  bool is_own_secret = false;
};

// Two implementations at least: OpenMode, and the one in auth/testing. Thread-safe.
//
// Errors: Unauthenticated (credentials that are wrong, or have ended), Denied (nobody gets in this
// way), RateLimited, Unavailable (who would know cannot be reached).
class Authenticator {
 public:
  virtual ~Authenticator() = default;

  // authenticate() has to be asked, on this executor. It is the authenticator's own, so that a
  // password's hash or a directory that is slow keeps only those waiting who sign in.
  struct Ask {
    Executor* executor;  // null: any thread that may block
  };
  // From memory and without blocking: event loops ask it for every request. Allocates nothing for
  // who needs no credentials.
  virtual std::variant<access::Subject, Error, Ask> recall(const Caller& caller) const = 0;

  // May block, for as long as the context allows.
  virtual Result<access::Subject> authenticate(Context& context, const Caller& caller) const = 0;
};

}  // namespace entrepot::auth
