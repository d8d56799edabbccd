#pragma once
// api/rest/search.h — repositories by a part of their name or description.

#include "api/rest/call.h"

namespace entrepot::api::rest {

struct Search {
  // ?q=; those that the caller may see, best first (hub/search.h).
  static http::Response list(Context& context, const Call& call);
};

}  // namespace entrepot::api::rest
