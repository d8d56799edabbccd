#pragma once
// api/distribution/blobs.h — end-2, end-10: blobs.

#include <cstdint>
#include <optional>
#include <string_view>

#include "api/distribution/call.h"

namespace entrepot::api::distribution {

struct Blobs {
  static std::optional<http::Response> recall(const Call& call);  // GET, HEAD from memory
  static http::Reply get(Context& context, const Call& call);     // end-2
  static http::Reply remove(Context& context, const Call& call);  // end-10

  // The answer to a GET of a blob with these bytes: all of it, the range that is asked for, or
  // several of them in parts. Of a file that still grows several ranges are all of it; of a stream
  // one is, too.
  static http::Response present(const http::Request& request, std::string_view digest,
                                std::uint64_t size_bytes, Source bytes);
};

}  // namespace entrepot::api::distribution
