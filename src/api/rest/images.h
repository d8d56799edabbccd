#pragma once
// api/rest/images.h — what a tag or digest is.

#include "api/rest/call.h"

namespace entrepot::api::rest {

struct Images {
  // ?platform= of an index.
  static http::Response get(Context& context, const Call& call);
  // The manifest's bytes as they are stored, for people who look: always as text.
  static http::Response manifest(Context& context, const Call& call);
};

}  // namespace entrepot::api::rest
