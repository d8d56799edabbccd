#pragma once
// server/run/probe_handler.h — what is answered by the probe's name.

#include <functional>

#include "http/handler.h"

namespace entrepot::server {

// The health end points, and kRightsPath (probe.h). Anybody on the machine may ask for either:
// neither tells more than a status. Thread-safe.
class ProbeHandler final : public http::Handler {
 public:
  // Looks at the rights as the store has them now; blocks.
  using Look = std::function<Result<void>(Context&)>;
  ProbeHandler(http::Handler& health, Look look) : health_(health), look_(std::move(look)) {}

  std::optional<http::Response> answer_from_memory(const http::Request& request) override;
  Executor* executor_of(const http::Request& request) override;
  http::Reply handle(Context& context, const http::Request& request) override;
  void dress(const http::Request* request, http::Response& response) override;
  http::Response refuse(const http::Refusal& refusal) override;

 private:
  http::Handler& health_;
  const Look look_;
};

}  // namespace entrepot::server
