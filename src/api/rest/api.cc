#include "api/rest/api.h"

#include <memory>
#include <vector>

#include "api/rest/images.h"
#include "api/rest/problem.h"
#include "api/rest/readmes.h"
#include "api/rest/repositories.h"
#include "api/rest/search.h"
#include "api/rest/sessions.h"
#include "api/rest/system.h"
#include "api/rest/tags.h"
#include "base/check.h"
#include "hub/words.h"
#include "markdown/render.h"

namespace entrepot::api::rest {
namespace {

using access::Action;
using http::Method;

constexpr unsigned kGet = http::kGetBits;
constexpr unsigned kPost = http::bit_of(Method::Post);
constexpr unsigned kPut = http::bit_of(Method::Put);
constexpr unsigned kPatch = http::bit_of(Method::Patch);
constexpr unsigned kDelete = http::bit_of(Method::Delete);
constexpr std::nullopt_t kOwnWay = std::nullopt;

constexpr std::size_t kLittle = 64u << 10;
constexpr std::size_t kPage = 16u << 20;  // rows, and two manifests at a time
constexpr std::size_t kReadme = markdown::kWorkBytes;
constexpr std::size_t kManifests = insight::ImageReader::kWorkBytes;

// clang-format off
constexpr Route kRoutes[] = {
    {kGet,    "/api/v1/system",                                    kOwnWay,            System::get,          "system", kLittle},
    {kGet,    "/api/v1/openapi.yaml",                              kOwnWay,            System::document,     "document", kPage},
    {kGet,    "/api/v1/me",                                        kOwnWay,            Sessions::me,         "me", kLittle},
    {kPost,   "/api/v1/sessions",                                  kOwnWay,            Sessions::begin,      "session_begin", kLittle},
    {kDelete, "/api/v1/sessions/current",                          kOwnWay,            Sessions::end,        "session_end", kLittle},
    {kGet,    "/api/v1/search",                                    kOwnWay,            Search::list,         "search", kPage},
    {kGet,    "/api/v1/repositories",                              kOwnWay,            Repositories::list,   "repositories", kPage},
    {kGet,    "/api/v1/repositories/<name>/-/tags",                Action::Pull,       Tags::list,           "tag_list", kPage},
    {kGet,    "/api/v1/repositories/<name>/-/tags/<tag>/history",  Action::Pull,       Tags::history,        "tag_history", kPage},
    {kDelete, "/api/v1/repositories/<name>/-/tags/<tag>",          Action::Delete,     Tags::remove,         "tag_delete", kLittle},
    {kGet,    "/api/v1/repositories/<name>/-/images/<reference>",  Action::Pull,       Images::get,          "image", kManifests},
    {kGet,    "/api/v1/repositories/<name>/-/manifests/<reference>", Action::Pull,     Images::manifest,     "image_manifest", kManifests},
    {kGet,    "/api/v1/repositories/<name>/-/readme",              Action::Pull,       Readmes::get,         "readme", kReadme},
    {kPut,    "/api/v1/repositories/<name>/-/readme",              Action::Describe,   Readmes::put,         "readme_write", kReadme, hub::kMostReadmeBytes},
    {kDelete, "/api/v1/repositories/<name>/-/readme",              Action::Describe,   Readmes::remove,      "readme_delete", kLittle},
    {kPost,   "/api/v1/repositories/<name>/-/readme/preview",      Action::Describe,   Readmes::preview,     "readme_preview", kReadme, hub::kMostReadmeBytes},
    {kGet,    "/api/v1/repositories/<name>",                       Action::See,        Repositories::get,    "repository", kLittle},
    {kPatch,  "/api/v1/repositories/<name>",                       Action::Describe,   Repositories::change, "repository_change", kLittle},
};
// clang-format on

// What reached no route, or was not let in.
constexpr std::string_view kRefused = "refused";

http::Response labelled(http::Response response, std::string_view label) {
  response.route = label;
  return response;
}

http::Response no_route(unsigned allowed) {
  if (allowed == 0) return labelled(not_found(), kRefused);
  auto response = problem(405, "unsupported", "this has no such method");
  response.with("Allow", http::list_of(allowed));
  return labelled(std::move(response), kRefused);
}

bool reads(const http::Request& request) {
  return request.method() == Method::Get || request.method() == Method::Head;
}

}  // namespace

std::span<const Route> routes() { return kRoutes; }

oci::RepositoryName Call::repository() const {
  auto parsed = oci::RepositoryName::parse(name);
  CHECK(parsed.has_value());
  return *std::move(parsed);
}

bool Call::may(Context& context, access::Action action, std::string_view repository) const {
  const auto decision = services.gate.policy().decide(
      context, services.gate.question(request, subject, action, repository));
  return decision && decision->allowed();
}

http::Response answer(int status, std::string body) {
  return http::Response::text(status, "application/json", std::move(body));
}

// What is known of a request from its first look on. It holds no view of the request, whose text
// may move between two steps.
struct RestApi::Visit final : http::Note {
  const Route* route = nullptr;
  std::vector<std::string> words;
  std::string name;
  bool by_cookie = false;
  bool waits = false;  // it is where it may wait for room
  Admission admission;
};

// Collects a request's body; then the route's handler runs.
class RestApi::Body final : public http::BodySink {
 public:
  Body(const RestApi& api, const http::Request& request, const Visit& visit)
      : api_(api), request_(request), visit_(visit) {}

  Result<void> write(Context& /*context*/, ByteView piece) override {
    bytes_.append(piece);
    return {};
  }
  http::Response finish(Context& context) override {
    return api_.run(context, request_, visit_, bytes_);
  }
  http::Response failed(Context& /*context*/, const Error& error) override {
    return labelled(to_problem(error), visit_.route->label);
  }

 private:
  const RestApi& api_;
  const http::Request& request_;
  const Visit& visit_;
  Bytes bytes_;
};

std::optional<http::Response> RestApi::answer_from_memory(const http::Request& request) {
  const std::string_view path = request.path().substr(options_.prefix.size());
  const auto found = http::find_route(routes(), request.method(), path);
  if (found.row == nullptr) return no_route(found.allowed);
  auto visit = std::make_unique<Visit>();
  visit->route = found.row;
  for (std::size_t i = 0; i < found.path.count; ++i) {
    auto word = http::percent_decode(found.path.values[i], false);
    if (!word) return labelled(problem(400, "invalid", "the path has a bad escape"), kRefused);
    visit->words.push_back(*std::move(word));
  }
  if (found.row->pattern.find("<name>") != std::string_view::npos) {
    visit->name = visit->words.front();
    if (!oci::RepositoryName::parse(visit->name)) return labelled(not_found(), kRefused);
  }
  const Visitor visitor = visitor_of(request, cookie_name_of(request));
  visit->by_cookie = visitor.by_cookie;
  const bool needs_header = visitor.by_cookie || found.row->handle == Sessions::begin;
  if (!reads(request)) {
    if (const auto wrong = foreign_page(request, needs_header)) {
      return labelled(problem(403, "foreign_page", *wrong), kRefused);
    }
  }
  visit->admission = services_.gate.look(visitor.caller);
  if (auto refused = refusal_of(request, *visit)) return refused;
  request.keep(std::move(visit));
  return std::nullopt;
}

// The answer to who may not, or of whom it could not be found out.
std::optional<http::Response> RestApi::refusal_of(const http::Request& request,
                                                  const Visit& visit) const {
  const Admission& admission = visit.admission;
  if (admission.error) {
    auto response = to_problem(*admission.error);
    if (response.status == 401) {
      // A browser would ask by itself, in a window of its own.
      if (!request.header(kPageHeader))
        response.with("WWW-Authenticate", "Basic realm=\"entrepot\"");
      if (visit.by_cookie) {
        response.with("Set-Cookie", session_cookie(request, "", std::chrono::seconds(0)));
      }
    }
    return labelled(std::move(response), kRefused);
  }
  if (!admission.decision || admission.decision->allowed()) return std::nullopt;
  return labelled(rest::refuse(*admission.decision, reads(request)), kRefused);
}

Executor* RestApi::executor_for(const http::Request& request) const {
  return reads(request) ? nullptr : options_.finishers;
}

Executor* RestApi::executor_of(const http::Request& request) {
  const auto* visit = static_cast<const Visit*>(request.note());
  if (visit == nullptr) return nullptr;
  return visit->admission.subject ? executor_for(request) : visit->admission.executor;
}

http::Reply RestApi::handle(Context& context, const http::Request& request) {
  if (request.note() == nullptr) {  // nobody asked for an answer from memory
    if (auto response = answer_from_memory(request)) return *std::move(response);
  }
  auto& visit = static_cast<Visit&>(*request.note());
  if (!visit.admission.subject && !visit.admission.error) {
    const Visitor visitor = visitor_of(request, cookie_name_of(request));
    services_.gate.authenticate(context, visitor.caller, visit.admission);
    Executor* const next = executor_for(request);
    if (!visit.admission.error && next != nullptr) return http::Move{next};
  }
  if (visit.route->action && !visit.admission.is_over()) {
    services_.gate.decide(context, request, *visit.route->action, visit.name, visit.admission);
  }
  if (auto refused = refusal_of(request, visit)) return *std::move(refused);
  if (!request.has_body()) return run_in_room(context, request, visit);
  return http::Receive{std::make_unique<Body>(*this, request, visit), visit.route->most_body_bytes,
                       /*work_factor=*/4};
}

// What may have to wait for room does so where nobody else waits for the thread.
http::Reply RestApi::run_in_room(Context& context, const http::Request& request,
                                 Visit& visit) const {
  const std::size_t bytes = visit.route->work_bytes;
  auto room = services_.account.try_work(bytes);
  if (!room && !visit.waits && options_.readers != nullptr) {
    visit.waits = true;
    return http::Move{options_.readers};
  }
  if (!room) {
    auto waited = services_.account.take_work(context, bytes);
    if (!waited) return labelled(to_problem(waited.error()), visit.route->label);
    room = *std::move(waited);
  }
  return run(context, request, visit, {});
}

http::Response RestApi::run(Context& context, const http::Request& request, const Visit& visit,
                            std::string_view body) const {
  const Call call{request, *visit.admission.subject, services_, visit.words, visit.name, body};
  return labelled(visit.route->handle(context, call), visit.route->label);
}

void RestApi::dress(const http::Request* request, http::Response& response) {
  response.with("X-Content-Type-Options", "nosniff").with("Cache-Control", "no-store");
  const auto* visit = request == nullptr ? nullptr : static_cast<const Visit*>(request->note());
  if (visit == nullptr) return;
  if (response.route.empty()) response.route = visit->route->label;
  if (visit->admission.subject) response.actor = visit->admission.subject->name();
}

http::Response RestApi::refuse(const http::Refusal& refusal) {
  return labelled(problem(refusal.status, "invalid", refusal.message), kRefused);
}

}  // namespace entrepot::api::rest
