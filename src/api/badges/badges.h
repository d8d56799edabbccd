#pragma once
// api/badges/badges.h — the handler behind /badges.

#include <string>

#include "api/read_edge.h"
#include "registry/pull.h"

namespace entrepot::api::badges {

// GET /badges/KIND/NAME[:TAG].svg: a small picture that says one thing of an image (line.h), as it
// is now. What is not there, is damaged, or may not be pulled by who asks, is the same picture to
// the byte, with 200, as pages show a picture in place of other statuses. Authorization counts,
// cookies never do. 404 for a path that is no badge's, 503 while nobody can say. Thread-safe.
class Badges final : public ReadEdge {
 public:
  // All of it outlives this.
  struct Parts {
    const registry::Puller& pull;
    meta::Store& meta;
  };
  // `prefix`: in front of /badges, without a slash at its end.
  Badges(Way way, const Parts& parts, std::string prefix)
      : ReadEdge(way), parts_(parts), prefix_(std::move(prefix)) {}

  void dress(const http::Request* request, http::Response& response) override;
  http::Response refuse(const http::Refusal& refusal) override;

 private:
  Routed route(const http::Request& request) const override;
  http::Response answer(Context& context, const http::Request& request,
                        const Question& question) const override;
  http::Response denied(const http::Request& request, const Question& question) const override;
  http::Response failed(const http::Request& request, const Error& error) const override;

  const Parts parts_;
  const std::string prefix_;
};

}  // namespace entrepot::api::badges
