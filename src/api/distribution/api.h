#pragma once
// api/distribution/api.h — the handler behind /v2/.

#include <span>

#include "api/distribution/call.h"

namespace entrepot::api::distribution {

// Workers decide and answer. What syncs, commits, or reads as much as a blob holds is for the
// finishers, so that no answer waits behind a disk that it does not need.
enum class Threads { Workers, Finishers };

// One end point: what it answers, and what its caller must be allowed to do.
struct Route {
  unsigned methods;          // bits of http::Method
  std::string_view pattern;  // as http::match_path reads it; <name> is the repository
  access::Action action;
  http::Reply (*handle)(Context&, const Call&);
  std::optional<http::Response> (*recall)(const Call&);  // from memory, on a loop; may be null
  std::string_view label;                                // in metrics and the access log
  Threads threads;                                       // that `handle` runs on
};

// All of them, in the specification's order. A route that is not in this table does not exist.
std::span<const Route> routes();

// The OCI Distribution API with Docker's additions. Every request passes three questions before its
// route's handler runs: who is it and may they come in (OpenMode), which route is it, may they
// (Policy). Thread-safe.
class DistributionApi final : public http::Handler {
 public:
  DistributionApi(Services services, Presentation presentation)
      : services_(services),
        locations_(std::move(presentation.locations)),
        pages_(presentation.pages),
        signer_(std::move(presentation.location_key)) {}

  std::optional<http::Response> answer_from_memory(const http::Request& request) override;
  bool ends_in_commit(const http::Request& request) override;
  http::Reply handle(Context& context, const http::Request& request) override;
  void body_failed(Context& context, std::string_view path, std::uint64_t offset_bytes,
                   const Error& error) override;
  http::Response refuse(const http::Refusal& refusal) override;

 private:
  // The three questions; `run(route, call)` answers when all were answered with yes.
  template <class Answer, class Run>
  Answer dispatch(const http::Request& request, const Run& run, bool on_reader = false) const;
  http::Response read(Context& context, const http::Request& request) const;

  const Services services_;
  const LocationOptions locations_;
  const PageLimits pages_;
  const LocationSigner signer_;
};

}  // namespace entrepot::api::distribution
