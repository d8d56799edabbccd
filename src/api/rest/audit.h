#pragma once
// api/rest/audit.h — who did what.

#include "api/rest/people_call.h"

namespace entrepot::api::rest {

struct Audit {
  static Answered list(Context& context, const Call& call);
};

}  // namespace entrepot::api::rest
