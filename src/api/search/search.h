#pragma once
// api/search/search.h — the handler behind /v1: docker search, podman search.

#include <string>

#include "api/read_edge.h"
#include "meta/store.h"

namespace entrepot::api::search {

// Docker's registry API, version 1:
//
// - GET /v1/_ping: 200, to everybody. docker asks it before it searches.
// - GET /v1/search?q=…&n=…&page=…: repositories whose name or description has `q` in it, best first
//   (hub/search.h), `n` of them (1 to 100, else 25), from the page `page` on. `num_results` counts
//   at most kMostResults; further ones are found by a longer `q`.
//
// Who sends no credentials is told of what everybody may see, which may be nothing: podman sends
// none. Wrong ones are 401. Thread-safe.
class Search final : public ReadEdge {
 public:
  static constexpr std::size_t kMostResults = 1000;

  // `prefix`: in front of /v1, without a slash at its end. The store outlives this.
  Search(Way way, meta::Store& store, std::string prefix)
      : ReadEdge(way), store_(store), prefix_(std::move(prefix)) {}

  void dress(const http::Request* request, http::Response& response) override;
  http::Response refuse(const http::Refusal& refusal) override;

 private:
  Routed route(const http::Request& request) const override;
  http::Response answer(Context& context, const http::Request& request,
                        const Question& question) const override;
  http::Response denied(const http::Request& request, const Question& question) const override;
  http::Response failed(const http::Request& request, const Error& error) const override;

  meta::Store& store_;
  const std::string prefix_;
};

}  // namespace entrepot::api::search
