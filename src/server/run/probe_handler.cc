#include "server/run/probe_handler.h"

#include "server/run/probe.h"

namespace entrepot::server {

std::optional<http::Response> ProbeHandler::answer_from_memory(const http::Request& request) {
  if (request.path() == kRightsPath) return std::nullopt;
  return health_.answer_from_memory(request);
}

Executor* ProbeHandler::executor_of(const http::Request& request) {
  return request.path() == kRightsPath ? nullptr : health_.executor_of(request);
}

http::Reply ProbeHandler::handle(Context& context, const http::Request& request) {
  if (request.path() != kRightsPath) return health_.handle(context, request);
  const auto looked = look_(context);
  return http::Response::text(looked ? 200 : 503, "text/plain; charset=utf-8",
                              looked ? "looked\n" : "not looked\n");
}

void ProbeHandler::dress(const http::Request* request, http::Response& response) {
  health_.dress(request, response);
}

http::Response ProbeHandler::refuse(const http::Refusal& refusal) {
  return health_.refuse(refusal);
}

}  // namespace entrepot::server
