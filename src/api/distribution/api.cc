#include "api/distribution/api.h"

#include <array>

#include <fmt/format.h>

#include "api/distribution/blobs.h"
#include "api/distribution/caller.h"
#include "api/distribution/listing.h"
#include "api/distribution/manifests.h"
#include "api/distribution/uploads.h"
#include "base/log.h"

namespace entrepot::api::distribution {
namespace {

using access::Action;
using http::Method;

constexpr unsigned bit(Method method) { return 1u << static_cast<unsigned>(method); }
constexpr unsigned kGet = bit(Method::Get) | bit(Method::Head);
constexpr unsigned kPost = bit(Method::Post);
constexpr unsigned kPut = bit(Method::Put);
constexpr unsigned kPatch = bit(Method::Patch);
constexpr unsigned kDelete = bit(Method::Delete);

http::Response pong() { return http::Response::text(200, "application/json", "{}"); }
http::Reply ping(Context& /*context*/, const Call& /*call*/) { return pong(); }
std::optional<http::Response> ping_from_memory(const Call& /*call*/) { return pong(); }

constexpr Threads kWorkers = Threads::Workers;
constexpr Threads kFinishers = Threads::Finishers;

// The order is the specification's; the comment is its id for the end point.
// clang-format off
constexpr Route kRoutes[] = {
    {kGet,    "/v2/",                            Action::Ping,        ping,               ping_from_memory,  "ping",            kWorkers},   // end-1
    {kGet,    "/v2",                             Action::Ping,        ping,               ping_from_memory,  "ping",            kWorkers},
    {kGet,    "/v2/<name>/blobs/<digest>",       Action::Pull,        Blobs::get,         Blobs::recall,     "blob",            kWorkers},   // end-2
    {kGet,    "/v2/<name>/manifests/<reference>", Action::Pull,       Manifests::get,     Manifests::recall, "manifest",        kWorkers},   // end-3
    {kPost,   "/v2/<name>/blobs/uploads/",       Action::Push,        Uploads::start,     Uploads::start_now, "upload_start",    kFinishers}, // end-4, end-11
    {kPost,   "/v2/<name>/blobs/uploads",        Action::Push,        Uploads::start,     Uploads::start_now, "upload_start",    kFinishers},
    {kPatch,  "/v2/<name>/blobs/uploads/<id>",   Action::Push,        Uploads::append,    nullptr,           "upload_chunk",    kFinishers}, // end-5
    {kPut,    "/v2/<name>/blobs/uploads/<id>",   Action::Push,        Uploads::close,     nullptr,           "upload_close",    kFinishers}, // end-6
    {kPut,    "/v2/<name>/manifests/<reference>", Action::Push,       Manifests::put,     nullptr,           "manifest_push",   kFinishers}, // end-7
    {kGet,    "/v2/<name>/tags/list",            Action::Pull,        Listing::tags,      nullptr,           "tags",            kWorkers},   // end-8
    {kDelete, "/v2/<name>/manifests/<reference>", Action::Delete,     Manifests::remove,  nullptr,           "manifest_delete", kFinishers}, // end-9
    {kDelete, "/v2/<name>/blobs/<digest>",       Action::Delete,      Blobs::remove,      nullptr,           "blob_delete",     kFinishers}, // end-10
    {kGet,    "/v2/<name>/referrers/<digest>",   Action::Pull,        Listing::referrers, nullptr,           "referrers",       kWorkers},   // end-12
    {kGet,    "/v2/<name>/blobs/uploads/<id>",   Action::Push,        Uploads::status,    nullptr,           "upload_status",   kFinishers}, // end-13
    {kDelete, "/v2/<name>/blobs/uploads/<id>",   Action::Push,        Uploads::cancel,    nullptr,           "upload_cancel",   kFinishers}, // end-14
    {kGet,    "/v2/_catalog",                    Action::ListCatalog, Listing::catalog,   nullptr,           "catalog",         kWorkers},   // Docker Registry API v2
};
// clang-format on

struct Found {
  const Route* route = nullptr;  // null: none with this method
  http::PathMatch path;
  unsigned allowed = 0;  // methods of all routes with this path; 0: no such path
};

Found find_route(Method method, std::string_view path, std::string_view prefix) {
  Found found;
  if (!path.starts_with(prefix)) return found;
  path.remove_prefix(prefix.size());
  for (const Route& route : kRoutes) {
    const auto match = http::match_path(route.pattern, path);
    if (!match) continue;
    found.allowed |= route.methods;
    if ((route.methods & bit(method)) == 0) continue;
    found.route = &route;
    found.path = *match;
    return found;
  }
  return found;
}

std::string method_list(unsigned methods) {
  std::string list;
  for (const Method method :
       {Method::Get, Method::Head, Method::Post, Method::Put, Method::Patch, Method::Delete}) {
    if ((methods & bit(method)) == 0) continue;
    if (!list.empty()) list += ", ";
    list += name_of(method);
  }
  return list;
}

http::Response no_route(const Found& found) {
  if (found.allowed == 0) {
    return error_response(404, "NAME_UNKNOWN", "there is no such end point below /v2/");
  }
  auto response = error_response(405, "UNSUPPORTED", "this end point has no such method");
  response.with("Allow", method_list(found.allowed));
  return response;
}

http::Response refusal(const access::Decision& decision) {
  if (decision.code == ErrorCode::Unsupported) {
    return error_response(405, "UNSUPPORTED", decision.reason);
  }
  return error_response(decision.code == ErrorCode::Unauthenticated ? 401 : 403,
                        decision.code == ErrorCode::Unauthenticated ? "UNAUTHORIZED" : "DENIED",
                        decision.reason);
}

// Every answer of this API carries these.
http::Response finished(http::Response response, std::string_view label) {
  response.with("Docker-Distribution-API-Version", "registry/2.0")
      .with("X-Content-Type-Options", "nosniff");
  response.route = label;
  return response;
}

// A route's sink, whose answers are finished like all others.
class FinishedBody final : public http::BodySink {
 public:
  FinishedBody(std::unique_ptr<http::BodySink> body, std::string_view label)
      : body_(std::move(body)), label_(label) {}

  Result<void> write(Context& context, ByteView piece) override {
    return body_->write(context, piece);
  }
  http::Response finish(Context& context) override {
    return finished(body_->finish(context), label_);
  }
  http::Response failed(Context& context, const Error& error) override {
    return finished(body_->failed(context, error), label_);
  }

 private:
  const std::unique_ptr<http::BodySink> body_;
  const std::string_view label_;
};

http::Reply finished_reply(http::Reply reply, std::string_view label) {
  if (auto* response = std::get_if<http::Response>(&reply)) {
    return finished(std::move(*response), label);
  }
  if (auto* finish = std::get_if<http::Finish>(&reply)) {
    return http::Finish{[label, run = std::move(finish->run)](Context& context) {
                          return finished(run(context), label);
                        },
                        finish->thread};
  }
  auto& receive = std::get<http::Receive>(reply);
  receive.sink = std::make_unique<FinishedBody>(std::move(receive.sink), label);
  return reply;
}

constexpr std::string_view kRefused = "refused";

}  // namespace

std::span<const Route> routes() { return kRoutes; }

template <class Answer, class Run>
Answer DistributionApi::dispatch(const http::Request& request, const Run& run,
                                 bool on_reader) const {
  const auto subject = services_.open_mode.admit(caller_of(request));
  if (!subject) {
    return finished(to_response(subject.error(), About::Registry, request.id()), kRefused);
  }
  const Found found = find_route(request.method(), request.path(), locations_.prefix);
  if (found.route == nullptr) return finished(no_route(found), kRefused);
  const Route& route = *found.route;
  const auto decision =
      services_.policy.decide(*subject, route.action, access::Resource{found.path.values[0]});
  if (!decision.allowed) return finished(refusal(decision), kRefused);
  return run(route, Call{request, *subject, services_, locations_, signer_, found.path, pages_,
                         on_reader});
}

std::optional<http::Response> DistributionApi::answer_from_memory(const http::Request& request) {
  using Answer = std::optional<http::Response>;
  return dispatch<Answer>(request, [](const Route& route, const Call& call) -> Answer {
    if (route.recall == nullptr) return std::nullopt;
    auto response = route.recall(call);
    if (response) response = finished(*std::move(response), route.label);
    return response;
  });
}

bool DistributionApi::ends_in_commit(const http::Request& request) {
  const Found found = find_route(request.method(), request.path(), locations_.prefix);
  return found.route != nullptr && found.route->threads == Threads::Finishers;
}

http::Reply DistributionApi::handle(Context& context, const http::Request& request) {
  return dispatch<http::Reply>(request, [&](const Route& route, const Call& call) -> http::Reply {
    auto reply = route.handle(context, call);
    const auto* finish = std::get_if<http::Finish>(&reply);
    if (finish == nullptr || finish->run) return finished_reply(std::move(reply), route.label);
    const auto again = [this, &request](Context& reading) { return read(reading, request); };
    return http::Finish{again, finish->thread};
  });
}

// The whole request again, where its handler may wait for room.
http::Response DistributionApi::read(Context& context, const http::Request& request) const {
  return dispatch<http::Response>(
      request,
      [&](const Route& route, const Call& call) {
        auto reply = route.handle(context, call);
        return finished(std::get<http::Response>(std::move(reply)), route.label);
      },
      true);
}

// Only blobs go out of files.
void DistributionApi::body_failed(Context& context, std::string_view path,
                                  std::uint64_t offset_bytes, const Error& error) {
  log::warning("request {}: the answer broke off at byte {} of its file: {}", context.request_id(),
               offset_bytes, error);
  const Found found = find_route(Method::Get, path, locations_.prefix);
  if (found.route == nullptr) return;
  const auto digest = oci::Digest::parse(found.path.values[1]);
  if (!digest) return;
  const auto looked = services_.pull.look_again(context, *digest, offset_bytes);
  if (!looked) log::warning("request {}: {}", context.request_id(), looked.error());
}

http::Response DistributionApi::refuse(const http::Refusal& refusal) {
  const std::string_view code = refusal.status == 503   ? "UNAVAILABLE"
                                : refusal.status == 413 ? "SIZE_INVALID"
                                                        : "UNSUPPORTED";
  return finished(error_response(refusal.status, code, refusal.message), kRefused);
}

}  // namespace entrepot::api::distribution
