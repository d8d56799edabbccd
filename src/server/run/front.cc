#include "server/run/front.h"

#include <algorithm>
#include <variant>

#include "api/caller.h"
#include "api/distribution/wire.h"
#include "base/check.h"

namespace entrepot::server {
namespace {

// Also for probes, and for who looks with a browser what this is.
http::Response about(const http::Request& request) {
  const bool root = request.path() == "/";
  const bool reads =
      request.method() == http::Method::Get || request.method() == http::Method::Head;
  auto response = http::Response::text(!root   ? 404
                                       : reads ? 200
                                               : 405,
                                       "text/plain; charset=utf-8",
                                       "This is a container registry; its API is below /v2/.\n");
  if (root && !reads) response.with("Allow", "GET, HEAD");
  return response;
}

bool is_preflight(const http::Request& request) {
  return request.method() == http::Method::Options &&
         request.header("Access-Control-Request-Method").has_value();
}

}  // namespace

Front::Front(std::vector<Room> rooms, const auth::Authenticator& door,
             std::vector<HeaderLine> headers)
    : rooms_(std::move(rooms)), door_(door), headers_(std::move(headers)) {
  CHECK(!rooms_.empty());
}

http::Handler* Front::find(std::string_view path) const {
  const auto fits = [path](const Room& room) {
    return path.starts_with(room.prefix) &&
           (path.size() == room.prefix.size() || path[room.prefix.size()] == '/');
  };
  const auto room = std::find_if(rooms_.begin(), rooms_.end(), fits);
  return room == rooms_.end() ? nullptr : &room->handler;
}

http::Response Front::preflight(const http::Request& request) const {
  const auto known = door_.recall(api::caller_of(request));
  if (const auto* refused = std::get_if<Error>(&known)) {
    return api::distribution::to_response(*refused, api::distribution::About::Registry,
                                          request.id());
  }
  http::Response response;
  response.status = 204;
  return response;
}

std::optional<http::Response> Front::answer_from_memory(const http::Request& request) {
  if (is_preflight(request)) return preflight(request);
  http::Handler* const room = find(request.path());
  return room == nullptr ? about(request) : room->answer_from_memory(request);
}

Executor* Front::executor_of(const http::Request& request) {
  http::Handler* const room = find(request.path());
  return room == nullptr ? nullptr : room->executor_of(request);
}

http::Reply Front::handle(Context& context, const http::Request& request) {
  http::Handler* const room = find(request.path());
  if (room == nullptr) return about(request);
  return room->handle(context, request);
}

void Front::dress(const http::Request* request, http::Response& response) {
  http::Handler* const room = request == nullptr ? &rooms_.front().handler : find(request->path());
  if (room != nullptr) room->dress(request, response);
  if (headers_.empty()) return;
  headers_.put_on(response, request == nullptr ? std::nullopt : request->header("Origin"));
}

void Front::body_failed(Context& context, std::string_view path, std::uint64_t offset_bytes,
                        const Error& error) {
  if (http::Handler* const room = find(path)) room->body_failed(context, path, offset_bytes, error);
}

http::Response Front::refuse(const http::Refusal& refusal) {
  return rooms_.front().handler.refuse(refusal);
}

}  // namespace entrepot::server
