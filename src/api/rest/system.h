#pragma once
// api/rest/system.h — what this is: the program, and the document of its API.

#include "api/rest/call.h"

namespace entrepot::api::rest {

struct System {
  static http::Response get(Context& context, const Call& call);
  // docs/api/openapi.yaml, as this program was built with it.
  static http::Response document(Context& context, const Call& call);
};

}  // namespace entrepot::api::rest
