#pragma once
// api/distribution/uploads.h — end-4, end-5, end-6, end-11, end-13, end-14: pushing blobs.

#include "api/distribution/call.h"

namespace entrepot::api::distribution {

struct Uploads {
  static http::Reply start(Context& context, const Call& call);  // end-4a, end-4b, end-4c, end-11
  // end-4a without a mount or a digest: a session begins without writing anything.
  static std::optional<http::Response> start_now(const Call& call);
  static http::Reply append(Context& context, const Call& call);  // end-5
  static http::Reply close(Context& context, const Call& call);   // end-6
  static http::Reply status(Context& context, const Call& call);  // end-13
  static http::Reply cancel(Context& context, const Call& call);  // end-14
};

}  // namespace entrepot::api::distribution
