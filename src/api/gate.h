#pragma once
// api/gate.h — the way in, the same for every edge: who is it, and may they?

#include <optional>
#include <string_view>

#include "access/policy.h"
#include "auth/authenticator.h"
#include "base/clock.h"
#include "http/message.h"

namespace entrepot::api {

// What is known so far of who sent a request, and whether they may. Made once, step by step, and
// kept with the request: nobody asks twice.
struct Admission {
  std::optional<access::Subject> subject;
  std::optional<access::Decision> decision;
  std::optional<Error> error;  // why there is no subject, or no decision
  // Where authenticate() has to run, while there is neither; null: anywhere but on an event loop.
  Executor* executor = nullptr;

  bool is_over() const { return error || decision; }
};

// An edge finds the route and parses the name between the first step and the second. What it passes
// as `repository` is decoded and valid, and what it then acts on; "" for the registry as a whole.
// Thread-safe.
class Gate {
 public:
  // All of it outlives the gate.
  Gate(const auth::Authenticator& authenticator, const access::Policy& policy, const Clock& clock)
      : authenticator_(authenticator), policy_(policy), clock_(clock) {}

  // On an event loop: who is it, as far as memory tells?
  Admission look(const http::Request& request) const;
  // On an event loop, or later: may they, as far as memory tells? Nothing without a subject.
  void recall(const http::Request& request, access::Action action, std::string_view repository,
              Admission& admission) const;

  // What look() left open, on its executor.
  void authenticate(Context& context, const http::Request& request, Admission& admission) const;
  // What recall() left open, on a worker or finisher.
  void decide(Context& context, const http::Request& request, access::Action action,
              std::string_view repository, Admission& admission) const;

  // look() and authenticate() for credentials that the edge found elsewhere: what the request's
  // Authorization would be, or whatever the edge makes of the request.
  Admission look(const http::Request& request, std::string_view authorization) const;
  Admission look(const auth::Caller& caller) const;
  void authenticate(Context& context, const http::Request& request, std::string_view authorization,
                    Admission& admission) const;
  void authenticate(Context& context, const auth::Caller& caller, Admission& admission) const;

  // The question that recall() and decide() ask, for what else a request wants to know of the
  // policy.
  access::Question question(const http::Request& request, const access::Subject& subject,
                            access::Action action, std::string_view repository) const;
  const access::Policy& policy() const { return policy_; }

 private:
  const auth::Authenticator& authenticator_;
  const access::Policy& policy_;
  const Clock& clock_;
};

}  // namespace entrepot::api
