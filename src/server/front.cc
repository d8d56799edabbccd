#include "server/front.h"

#include "api/distribution/caller.h"
#include "api/distribution/wire.h"

namespace entrepot::server {
namespace {

http::Response nothing_here() {
  return http::Response::text(404, "text/plain; charset=utf-8",
                              "This is a container registry; its API is below /v2/.\n");
}

bool is_preflight(const http::Request& request) {
  return request.method() == http::Method::Options &&
         request.header("Access-Control-Request-Method").has_value();
}

}  // namespace

// A sink whose answers get the configured headers, too.
class Front::HeaderedBody final : public http::BodySink {
 public:
  HeaderedBody(std::unique_ptr<http::BodySink> body, const Front& front,
               const http::Request& request)
      : body_(std::move(body)), front_(front), origin_(request.header("Origin")) {}

  Result<void> write(Context& context, ByteView piece) override {
    return body_->write(context, piece);
  }
  http::Response finish(Context& context) override {
    return front_.headers_.on(body_->finish(context), origin_);
  }
  http::Response failed(Context& context, const Error& error) override {
    return front_.headers_.on(body_->failed(context, error), origin_);
  }

 private:
  const std::unique_ptr<http::BodySink> body_;
  const Front& front_;
  const std::optional<std::string> origin_;
};

Front::Front(Operations& operations, const auth::OpenMode& door, std::string prefix,
             std::vector<HeaderLine> headers)
    : operations_(operations),
      door_(door),
      api_root_(std::move(prefix) + "/v2"),
      headers_(std::move(headers)) {}

bool Front::is_api(std::string_view path) const {
  return path.starts_with(api_root_) &&
         (path.size() == api_root_.size() || path[api_root_.size()] == '/');
}

// Clients try again: an adopted directory is being indexed, which may take minutes; a disk comes
// back when somebody has seen to it.
http::Response Front::closed() const {
  if (started_.load(std::memory_order_relaxed)) {
    return api::distribution::error_response(503, "UNAVAILABLE",
                                             "the store cannot be reached now; try again later");
  }
  return api::distribution::error_response(503, "UNAVAILABLE",
                                           "the registry is starting; try again soon");
}

http::Response Front::with_headers(http::Response response, const http::Request& request) const {
  return headers_.on(std::move(response), request.header("Origin"));
}

http::Response Front::preflight(const http::Request& request) const {
  const auto admitted = door_.admit(api::distribution::caller_of(request));
  if (!admitted) {
    return api::distribution::to_response(admitted.error(), api::distribution::About::Registry,
                                          request.id());
  }
  http::Response response;
  response.status = 204;
  return response;
}

std::optional<http::Response> Front::answer_from_memory(const http::Request& request) {
  std::optional<http::Response> response;
  if (is_preflight(request)) {
    response = preflight(request);
  } else if (is_api(request.path())) {
    http::Handler* const api = api_.load(std::memory_order_acquire);
    response = api == nullptr ? closed() : api->answer_from_memory(request);
  } else if (operations_.has(request.path())) {
    response = operations_.answer_from_memory(request);
  } else {
    response = nothing_here();
  }
  if (!response || headers_.empty()) return response;
  return with_headers(*std::move(response), request);
}

bool Front::ends_in_commit(const http::Request& request) {
  http::Handler* const api = api_.load(std::memory_order_acquire);
  return api != nullptr && is_api(request.path()) && api->ends_in_commit(request);
}

http::Reply Front::handle(Context& context, const http::Request& request) {
  http::Handler* const api = api_.load(std::memory_order_acquire);
  http::Reply reply;
  if (is_api(request.path())) {
    reply = api == nullptr ? http::Reply(closed()) : api->handle(context, request);
  } else if (operations_.has(request.path())) {
    reply = operations_.handle(context, request);
  } else {
    reply = nothing_here();
  }
  if (headers_.empty()) return reply;
  if (auto* response = std::get_if<http::Response>(&reply)) {
    return with_headers(std::move(*response), request);
  }
  if (auto* finish = std::get_if<http::Finish>(&reply)) {
    return http::Finish{[this, &request, run = std::move(finish->run)](Context& running) {
      return with_headers(run(running), request);
    }};
  }
  auto& receive = std::get<http::Receive>(reply);
  receive.sink = std::make_unique<HeaderedBody>(std::move(receive.sink), *this, request);
  return reply;
}

void Front::body_failed(Context& context, std::string_view path, std::uint64_t offset_bytes,
                        const Error& error) {
  http::Handler* const api = api_.load(std::memory_order_acquire);
  if (api != nullptr && is_api(path)) api->body_failed(context, path, offset_bytes, error);
}

http::Response Front::refuse(const http::Refusal& refusal) {
  http::Handler* const api = api_.load(std::memory_order_acquire);
  return headers_.on(api == nullptr ? operations_.refuse(refusal) : api->refuse(refusal),
                     std::nullopt);
}

}  // namespace entrepot::server
