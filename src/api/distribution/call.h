#pragma once
// api/distribution/call.h — one request of the Distribution API on its way to a use case.

#include <optional>
#include <string>
#include <string_view>

#include "api/distribution/location.h"
#include "api/distribution/refusal.h"
#include "api/distribution/target.h"
#include "api/distribution/wire.h"
#include "api/gate.h"
#include "http/handler.h"
#include "http/memory.h"
#include "http/message.h"
#include "http/router.h"
#include "registry/pull.h"
#include "registry/pull_counts.h"
#include "registry/push.h"
#include "registry/remove.h"
#include "registry/uploads.h"
#include "registry/upstream_source.h"

namespace entrepot::api::distribution {

// What the routes work with. Borrowed; outlives the API.
struct Services {
  registry::Puller& pull;
  registry::Pusher& push;
  registry::Uploads& uploads;
  registry::Remover& remove;
  const Gate& gate;
  http::MemoryAccount& memory;                   // for what is listed, read and parsed
  registry::UpstreamSource* upstream = nullptr;  // null: no other registry is served here
  registry::PullCounts* pulls = nullptr;         // null: nobody counts
};

// How many names one answer has at most; a request may ask for fewer.
struct PageLimits {
  std::size_t catalog = 1000;
  // Without `n`: as a whole for all but the largest repositories, as clients that do not follow
  // Link expect. With `n` never more than 1,000.
  std::size_t tags = 10'000;
};

// How the API presents itself.
struct Presentation {
  LocationOptions locations;
  Bytes location_key;  // signs upload locations; the same on every process
  PageLimits pages = {};
  Challenges challenges = {};
};

// A request whose route is known and whose sender may do what the route does. Lives on the stack of
// its handler; what outlives that (a sink) copies.
struct Call {
  const http::Request& request;
  const access::Subject& subject;
  const Services& services;
  const LocationOptions& locations;
  const LocationSigner& signer;
  std::string_view name;  // of the repository: Target::name(), valid; "" where the route has none
  std::string_view rest;  // what stands behind it
  const PageLimits& pages;
  bool on_reader = false;    // where waiting for room holds up nobody else
  bool on_upstream = false;  // where waiting for another registry does not

  oci::RepositoryName repository() const;
  // `rest`, parsed. InvalidArgument (and Unsupported for a digest algorithm that is not offered).
  Result<oci::Reference> reference() const { return oci::parse_reference(rest); }
  Result<oci::Digest> digest() const { return oci::Digest::parse(rest); }

  // `path` behind the right beginning for Location, and for Link.
  std::string url(std::string_view path_text) const {
    return location_base(locations, request) + std::string(path_text);
  }
  std::string link(std::string_view path_text) const {
    return link_base(locations) + std::string(path_text);
  }
  http::Response error(const Error& error, About about) const {
    return to_response(error, about, request.id());
  }
};

// A handler's reply on a worker: the same request once more, with `on_reader`. The API knows where.
inline http::Reply again_on_reader() { return http::Move{nullptr}; }

// Room in the memory account for the work of an answer, for as long as this lives.
class Room {
 public:
  // Nothing when there is room. Else what the handler replies: again_on_reader(), where it may wait
  // for room; and there, that none became free in time.
  [[nodiscard]] std::optional<http::Reply> take(Context& context, const Call& call,
                                                std::size_t bytes);

 private:
  http::MemoryAccount::Share share_;
};

// Reads a placeholder or leaves the handler with its error response.
#define ENTREPOT_API_ASSIGN(target, expression, about) \
  ENTREPOT_API_ASSIGN_(ENTREPOT_CONCAT(api_value_, __COUNTER__), target, expression, about)
#define ENTREPOT_API_ASSIGN_(holder, target, expression, about) \
  auto holder = (expression);                                   \
  if (!holder) return call.error(holder.error(), about);        \
  target = *std::move(holder)

}  // namespace entrepot::api::distribution
