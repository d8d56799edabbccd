#pragma once
// api/distribution/api.h — the handler behind /v2/.

#include <optional>
#include <span>

#include "api/distribution/call.h"
#include "api/distribution/refusal.h"

namespace entrepot::api::distribution {

// Workers decide and answer. What syncs, commits, or reads as much as a blob holds is for the
// finishers, so that no answer waits behind a disk that it does not need.
enum class Threads { Workers, Finishers };

// One end point: what it answers, and what its caller must be allowed to do.
struct Route {
  unsigned methods;          // bits of http::bit_of
  std::string_view pattern;  // as http::match_path reads it; <name> is the repository
  access::Action action;
  http::Reply (*handle)(Context&, const Call&);
  std::optional<http::Response> (*recall)(const Call&);  // from memory, on a loop; may be null
  std::string_view label;                                // in metrics and the access log
  Threads threads;                                       // that `handle` runs on
};

// All of them, in the specification's order. A route that is not in this table does not exist.
std::span<const Route> routes();

// Where a request that cannot be answered from memory goes on. Null: it stays where it is.
struct Threading {
  Executor* workers = nullptr;
  Executor* finishers = nullptr;
  Executor* readers = nullptr;
};

// The OCI Distribution API with Docker's additions. Before a route's handler runs it was asked who
// sent the request, which route and which repository it names, and whether the sender may (Gate).
// The name is decoded and parsed once, and is what policy, cache and use case get; what was found
// out goes with the request. Thread-safe.
class DistributionApi final : public http::Handler {
 public:
  DistributionApi(Services services, Presentation presentation, Threading threading = {})
      : services_(services),
        locations_(std::move(presentation.locations)),
        pages_(presentation.pages),
        signer_(std::move(presentation.location_key)),
        challenges_(std::move(presentation.challenges)),
        threading_(threading) {}

  std::optional<http::Response> answer_from_memory(const http::Request& request) override;
  Executor* executor_of(const http::Request& request) override;
  http::Reply handle(Context& context, const http::Request& request) override;
  void dress(const http::Request* request, http::Response& response) override;
  void body_failed(Context& context, std::string_view path, std::uint64_t offset_bytes,
                   const Error& error) override;
  http::Response refuse(const http::Refusal& refusal) override;

 private:
  struct Visit;

  std::optional<Challenge> challenge(const http::Request& request) const;
  // Where a request leads, and the upstream that stands in front of its path.
  struct Way {
    http::FoundRoute<Route> found;
    std::string_view upstream;
  };
  Way find(http::Method method, std::string_view path) const;
  std::optional<http::Response> mean(const http::Request& request, const Way& way,
                                     Target& target) const;
  Executor* executor_for(const Route& route) const;
  Call call_of(const http::Request& request, const access::Subject& subject,
               const Target& target) const;
  std::optional<http::Response> refusal_of(const http::Request& request, const Route& route,
                                           const Target& target, const Admission& admission) const;
  http::Reply run(Context& context, const http::Request& request, Visit& visit) const;

  const Services services_;
  const LocationOptions locations_;
  const PageLimits pages_;
  const LocationSigner signer_;
  const Challenges challenges_;
  const Threading threading_;
};

}  // namespace entrepot::api::distribution
