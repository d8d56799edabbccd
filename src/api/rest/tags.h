#pragma once
// api/rest/tags.h — a repository's tags.

#include "api/rest/call.h"

namespace entrepot::api::rest {

struct Tags {
  // ?sort=name (as it is) or newest.
  static http::Response list(Context& context, const Call& call);
  static http::Response history(Context& context, const Call& call);
  // The tag alone: its manifest, and its siblings, stay.
  static http::Response remove(Context& context, const Call& call);
};

}  // namespace entrepot::api::rest
