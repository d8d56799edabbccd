#pragma once
// api/distribution/blobs.h — end-2, end-10: blobs.

#include <optional>

#include "api/distribution/call.h"

namespace entrepot::api::distribution {

struct Blobs {
  static std::optional<http::Response> recall(const Call& call);  // GET, HEAD from memory
  static http::Reply get(Context& context, const Call& call);     // end-2
  static http::Reply remove(Context& context, const Call& call);  // end-10
};

}  // namespace entrepot::api::distribution
