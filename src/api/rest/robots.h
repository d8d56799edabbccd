#pragma once
// api/rest/robots.h — machine accounts.

#include "api/rest/people_call.h"

namespace entrepot::api::rest {

struct Robots {
  static Answered list(Context& context, const Call& call);
  // With its grants; the answer has the secret, which nobody is told again.
  static Answered create(Context& context, const Call& call);
  static Answered remove(Context& context, const Call& call);
};

}  // namespace entrepot::api::rest
