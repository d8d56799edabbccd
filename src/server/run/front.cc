#include "server/run/front.h"

#include <algorithm>
#include <variant>

#include "api/caller.h"
#include "api/distribution/wire.h"
#include "base/check.h"

namespace entrepot::server {
namespace {

bool is_preflight(const http::Request& request) {
  return request.method() == http::Method::Options &&
         request.header("Access-Control-Request-Method").has_value();
}

}  // namespace

Front::Front(std::vector<Room> rooms, http::Handler& page, const auth::Authenticator& door,
             std::vector<HeaderLine> headers)
    : rooms_(std::move(rooms)), page_(page), door_(door), headers_(std::move(headers)) {
  CHECK(!rooms_.empty());
}

http::Handler& Front::find(std::string_view path) const {
  const auto fits = [path](const Room& room) {
    return path.starts_with(room.prefix) &&
           (path.size() == room.prefix.size() || path[room.prefix.size()] == '/');
  };
  const auto room = std::find_if(rooms_.begin(), rooms_.end(), fits);
  return room == rooms_.end() ? page_ : room->handler;
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
  return find(request.path()).answer_from_memory(request);
}

Executor* Front::executor_of(const http::Request& request) {
  return find(request.path()).executor_of(request);
}

http::Reply Front::handle(Context& context, const http::Request& request) {
  return find(request.path()).handle(context, request);
}

void Front::dress(const http::Request* request, http::Response& response) {
  (request == nullptr ? rooms_.front().handler : find(request->path())).dress(request, response);
  if (headers_.empty()) return;
  headers_.put_on(response, request == nullptr ? std::nullopt : request->header("Origin"));
}

void Front::body_failed(Context& context, std::string_view path, std::uint64_t offset_bytes,
                        const Error& error) {
  find(path).body_failed(context, path, offset_bytes, error);
}

http::Response Front::refuse(const http::Refusal& refusal) {
  return rooms_.front().handler.refuse(refusal);
}

}  // namespace entrepot::server
