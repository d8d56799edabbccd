#pragma once
// api/rest/grants.h — who was given what, and why somebody may do something.

#include "api/rest/people_call.h"

namespace entrepot::api::rest {

struct Grants {
  static Answered list(Context& context, const Call& call);
  static Answered create(Context& context, const Call& call);
  static Answered remove(Context& context, const Call& call);
  // Who has a role in a repository, and why.
  static Answered access(Context& context, const Call& call);
  static Answered explain(Context& context, const Call& call);
};

}  // namespace entrepot::api::rest
