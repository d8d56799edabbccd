#include "api/distribution/api.h"

#include <memory>
#include <utility>

#include "api/distribution/blobs.h"
#include "api/distribution/listing.h"
#include "api/distribution/manifests.h"
#include "api/distribution/uploads.h"
#include "api/distribution/upstream.h"
#include "base/log.h"

namespace entrepot::api::distribution {
namespace {

using access::Action;
using http::Method;

constexpr unsigned kGet = http::kGetBits;
constexpr unsigned kPost = http::bit_of(Method::Post);
constexpr unsigned kPut = http::bit_of(Method::Put);
constexpr unsigned kPatch = http::bit_of(Method::Patch);
constexpr unsigned kDelete = http::bit_of(Method::Delete);

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

http::Response no_route(unsigned allowed) {
  if (allowed == 0) {
    return error_response(404, "NAME_UNKNOWN", "there is no such end point below /v2/");
  }
  auto response = error_response(405, "UNSUPPORTED", "this end point has no such method");
  response.with("Allow", http::list_of(allowed));
  return response;
}

// What reached no route, or was not let in.
constexpr std::string_view kRefused = "refused";

http::Response labelled(http::Response response, std::string_view label) {
  response.route = label;
  return response;
}

}  // namespace

std::span<const Route> routes() { return kRoutes; }

// What is known of a request from its first look on.
struct DistributionApi::Visit final : http::Note {
  Visit(const Route& the_route, Target the_target, Admission the_admission)
      : route(the_route), target(std::move(the_target)), admission(std::move(the_admission)) {
    target.own();
  }

  const Route& route;
  Target target;
  Admission admission;
  bool on_reader = false;
  bool on_upstream = false;
};

DistributionApi::Way DistributionApi::find(http::Method method, std::string_view path) const {
  if (!path.starts_with(locations_.prefix)) return {};
  path.remove_prefix(locations_.prefix.size());
  std::string_view upstream;
  if (services_.upstream != nullptr) upstream = services_.upstream->at_front_of(path);
  if (!upstream.empty()) path.remove_prefix(1 + upstream.size());
  return {http::find_route(routes(), method, path), upstream};
}

// One repository has one name for all that follows, however the request names it.
std::optional<http::Response> DistributionApi::mean(const http::Request& request, const Way& way,
                                                    Target& target) const {
  const Route& route = *way.found.row;
  if (services_.upstream == nullptr || target.name().empty()) return std::nullopt;
  const bool is_pull = route.action == Action::Pull;
  const std::string ns =
      way.upstream.empty() ? request.parameter("ns").value_or("") : std::string(way.upstream);
  auto meant = services_.upstream->meant_by(target.name(), ns, is_pull);
  if (!meant) {
    return labelled(to_response(meant.error(), About::Repository, request.id()), route.label);
  }
  if (*meant) target.mean(**std::move(meant));
  return std::nullopt;
}

Executor* DistributionApi::executor_for(const Route& route) const {
  return route.threads == Threads::Finishers ? threading_.finishers : threading_.workers;
}

Call DistributionApi::call_of(const http::Request& request, const access::Subject& subject,
                              const Target& target) const {
  return {request, subject, services_, locations_, signer_, target.name(), target.rest(), pages_};
}

std::optional<Challenge> DistributionApi::challenge(const http::Request& request) const {
  return challenges_ ? challenges_(request) : std::nullopt;
}

// The answer to who may not, or of whom it could not be found out.
std::optional<http::Response> DistributionApi::refusal_of(const http::Request& request,
                                                          const Route& route, const Target& target,
                                                          const Admission& admission) const {
  if (admission.error) {
    return labelled(refuse_caller(*admission.error, request, challenge(request)), kRefused);
  }
  if (!admission.decision) return std::nullopt;
  const Asked asked{route.action, target.name()};
  if (admission.decision->allowed()) {
    const bool is_mirrored =
        services_.upstream != nullptr && services_.upstream->has(asked.repository);
    if (route.action != Action::Push || !is_mirrored) return std::nullopt;
    return labelled(refuse_push_to_upstream(asked.repository), kRefused);
  }
  return labelled(refuse_action(*admission.decision, asked, request, challenge(request)), kRefused);
}

std::optional<http::Response> DistributionApi::answer_from_memory(const http::Request& request) {
  Admission admission = services_.gate.look(request);
  if (admission.error) {
    return labelled(refuse_caller(*admission.error, request, challenge(request)), kRefused);
  }
  const Way way = find(request.method(), request.path());
  if (way.found.row == nullptr) return labelled(no_route(way.found.allowed), kRefused);
  const Route& route = *way.found.row;
  Target target(way.found.path);
  if (const auto problem = target.problem()) {
    return labelled(to_response(*problem, About::Repository, request.id()), route.label);
  }
  if (auto refused = mean(request, way, target)) return refused;
  services_.gate.recall(request, route.action, target.name(), admission);
  if (auto refused = refusal_of(request, route, target, admission)) return refused;
  if (admission.decision && route.recall != nullptr) {
    auto response = route.recall(call_of(request, *admission.subject, target));
    if (response) {
      response->route = route.label;
      response->actor = admission.subject->name();
      return response;
    }
  }
  request.keep(std::make_unique<Visit>(route, std::move(target), std::move(admission)));
  return std::nullopt;
}

Executor* DistributionApi::executor_of(const http::Request& request) {
  const auto* visit = static_cast<const Visit*>(request.note());
  if (visit == nullptr) return nullptr;
  return visit->admission.subject ? executor_for(visit->route) : visit->admission.executor;
}

http::Reply DistributionApi::handle(Context& context, const http::Request& request) {
  if (request.note() == nullptr) {  // nobody asked for an answer from memory
    if (auto response = answer_from_memory(request)) return *std::move(response);
  }
  auto& visit = static_cast<Visit&>(*request.note());
  Admission& admission = visit.admission;
  if (!admission.subject && !admission.error) {
    services_.gate.authenticate(context, request, admission);
    if (!admission.error && executor_for(visit.route) != nullptr) {
      return http::Move{executor_for(visit.route)};
    }
  }
  services_.gate.decide(context, request, visit.route.action, visit.target.name(), admission);
  if (auto refused = refusal_of(request, visit.route, visit.target, admission)) {
    return *std::move(refused);
  }
  return run(context, request, visit);
}

http::Reply DistributionApi::run(Context& context, const http::Request& request,
                                 Visit& visit) const {
  const access::Subject& subject = *visit.admission.subject;
  Call call = call_of(request, subject, visit.target);
  call.on_reader = visit.on_reader;
  call.on_upstream = visit.on_upstream;
  auto reply = visit.route.handle(context, call);
  const auto* move = std::get_if<http::Move>(&reply);
  if (move == nullptr) return reply;
  if (move->to != nullptr) {
    visit.on_upstream = true;
    return reply;
  }
  visit.on_reader = true;
  if (threading_.readers == nullptr) return run(context, request, visit);
  return http::Move{threading_.readers};
}

// Every answer of this API carries these.
void DistributionApi::dress(const http::Request* request, http::Response& response) {
  response.with("Docker-Distribution-API-Version", "registry/2.0")
      .with("X-Content-Type-Options", "nosniff");
  const auto* visit = request == nullptr ? nullptr : static_cast<const Visit*>(request->note());
  if (visit == nullptr) return;
  if (response.route.empty()) response.route = visit->route.label;
  if (visit->admission.subject) response.actor = visit->admission.subject->name();
}

// Only blobs go out of files.
void DistributionApi::body_failed(Context& context, std::string_view path,
                                  std::uint64_t offset_bytes, const Error& error) {
  log::warning("request {}: the answer broke off at byte {} of its file: {}", context.request_id(),
               offset_bytes, error);
  const Way way = find(Method::Get, path);
  if (way.found.row == nullptr) return;
  const auto digest = oci::Digest::parse(Target(way.found.path).rest());
  if (!digest) return;
  const auto looked = services_.pull.look_again(context, *digest, offset_bytes);
  if (!looked) log::warning("request {}: {}", context.request_id(), looked.error());
}

http::Response DistributionApi::refuse(const http::Refusal& refusal) {
  return labelled(refusal_response(refusal), kRefused);
}

}  // namespace entrepot::api::distribution
