#pragma once
// api/distribution/manifests.h — end-3, end-7, end-9: manifests by tag and digest.

#include <optional>

#include "api/distribution/call.h"

namespace entrepot::api::distribution {

struct Manifests {
  static std::optional<http::Response> recall(const Call& call);  // GET, HEAD from memory
  static http::Reply get(Context& context, const Call& call);     // end-3
  static http::Reply put(Context& context, const Call& call);     // end-7a, end-7b
  static http::Reply remove(Context& context, const Call& call);  // end-9
};

}  // namespace entrepot::api::distribution
