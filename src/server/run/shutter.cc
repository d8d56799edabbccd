#include "server/run/shutter.h"

#include "api/distribution/wire.h"

namespace entrepot::server {

using api::distribution::error_response;

// Clients try again: an adopted directory is being indexed, which may take minutes; a disk comes
// back when somebody has seen to it.
http::Response Shutter::closed() const {
  return error_response(503, "UNAVAILABLE",
                        started_.load(std::memory_order_relaxed)
                            ? "the store cannot be reached now; try again later"
                            : "the registry is starting; try again soon");
}

std::optional<http::Response> Shutter::answer_from_memory(const http::Request& request) {
  http::Handler* const open = handler();
  return open == nullptr ? closed() : open->answer_from_memory(request);
}

Executor* Shutter::executor_of(const http::Request& request) {
  http::Handler* const open = handler();
  return open == nullptr ? nullptr : open->executor_of(request);
}

http::Reply Shutter::handle(Context& context, const http::Request& request) {
  http::Handler* const open = handler();
  if (open == nullptr) return closed();
  return open->handle(context, request);
}

void Shutter::dress(const http::Request* request, http::Response& response) {
  if (http::Handler* const open = handler()) open->dress(request, response);
}

void Shutter::body_failed(Context& context, std::string_view path, std::uint64_t offset_bytes,
                          const Error& error) {
  if (http::Handler* const open = handler()) open->body_failed(context, path, offset_bytes, error);
}

http::Response Shutter::refuse(const http::Refusal& refusal) {
  if (http::Handler* const open = handler()) return open->refuse(refusal);
  return api::distribution::refusal_response(refusal);
}

}  // namespace entrepot::server
