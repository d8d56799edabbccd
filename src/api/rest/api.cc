#include "api/rest/api.h"

#include <memory>
#include <utility>
#include <vector>

#include "api/rest/audit.h"
#include "api/rest/grants.h"
#include "api/rest/images.h"
#include "api/rest/invitations.h"
#include "api/rest/organisations.h"
#include "api/rest/problem.h"
#include "api/rest/readmes.h"
#include "api/rest/repositories.h"
#include "api/rest/robots.h"
#include "api/rest/search.h"
#include "api/rest/secrets.h"
#include "api/rest/sessions.h"
#include "api/rest/system.h"
#include "api/rest/tags.h"
#include "api/rest/users.h"
#include "base/check.h"
#include "http/forwarded.h"
#include "hub/words.h"
#include "markdown/render.h"
#include "people/credentials.h"
#include "registry/home.h"

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

// What the rows about people have in common: their handlers ask (people::Author).
template <Answered (*handle)(Context&, const Call&)>
constexpr Route of_people(unsigned methods, std::string_view pattern, std::string_view label) {
  return {methods, pattern, kOwnWay, or_problem<handle>, label, kPage, Route::About::People};
}
template <Answered (*handle)(Context&, const Call&)>
constexpr Route of_password(unsigned method, std::string_view pattern, std::string_view label) {
  return {method, pattern, kOwnWay, or_problem<handle>, label, kLittle, Route::About::Passwords};
}

template <Answered (*handle)(Context&, const Call&)>
constexpr Route of_invitation(std::string_view pattern, std::string_view label) {
  return {kPost, pattern, kOwnWay, or_problem<handle>, label, kLittle, Route::About::Invitations};
}

constexpr Route long_look(Route route) {
  route.reads_long = true;
  return route;
}

// clang-format off
constexpr Route kRoutes[] = {
    {kGet,    "/api/v1/system",                                    kOwnWay,            System::get,          "system", kLittle},
    {kGet,    "/api/v1/openapi.yaml",                              kOwnWay,            System::document,     "document", kPage},
    {kGet,    "/api/v1/me",                                        kOwnWay,            Sessions::me,         "me", kLittle},
    {kPost,   "/api/v1/sessions",                                  kOwnWay,            Sessions::begin,      "session_begin", kLittle},
    {kDelete, "/api/v1/sessions/current",                          kOwnWay,            Sessions::end,        "session_end", kLittle},
    long_look({kGet, "/api/v1/search",                             kOwnWay,            Search::list,         "search", kPage}),
    long_look({kGet, "/api/v1/repositories",                       kOwnWay,            Repositories::list,   "repositories", kPage}),
    of_people<Repositories::create>(kPost, "/api/v1/repositories", "repository_create"),
    {kGet,    "/api/v1/repositories/<name>/-/tags",                Action::Pull,       Tags::list,           "tag_list", kPage},
    {kGet,    "/api/v1/repositories/<name>/-/tags/<tag>/history",  Action::Pull,       Tags::history,        "tag_history", kPage},
    {kDelete, "/api/v1/repositories/<name>/-/tags/<tag>",          Action::Delete,     Tags::remove,         "tag_delete", kLittle},
    {kGet,    "/api/v1/repositories/<name>/-/images/<reference>",  Action::Pull,       Images::get,          "image", kManifests},
    {kGet,    "/api/v1/repositories/<name>/-/manifests/<reference>", Action::Pull,     Images::manifest,     "image_manifest", kManifests},
    {kGet,    "/api/v1/repositories/<name>/-/access",              Action::See,        or_problem<Grants::access>, "repository_access", kPage, Route::About::People},
    {kGet,    "/api/v1/repositories/<name>/-/readme",              Action::Pull,       Readmes::get,         "readme", kReadme},
    {kPut,    "/api/v1/repositories/<name>/-/readme",              Action::Describe,   Readmes::put,         "readme_write", kReadme, Route::About::Contents, hub::kMostReadmeBytes},
    {kDelete, "/api/v1/repositories/<name>/-/readme",              Action::Describe,   Readmes::remove,      "readme_delete", kLittle},
    {kPost,   "/api/v1/repositories/<name>/-/readme/preview",      Action::Describe,   Readmes::preview,     "readme_preview", kReadme, Route::About::Contents, hub::kMostReadmeBytes},
    {kGet,    "/api/v1/repositories/<name>",                       Action::See,        Repositories::get,    "repository", kLittle},
    {kPatch,  "/api/v1/repositories/<name>",                       Action::Describe,   Repositories::change, "repository_change", kLittle},

    long_look(of_people<Users::list>(kGet, "/api/v1/users", "users")),
    of_password<Users::create>(kPost, "/api/v1/users", "user_create"),
    of_people<Users::get>(kGet, "/api/v1/users/<user>", "user"),
    of_people<Users::change>(kPatch, "/api/v1/users/<user>", "user_change"),
    of_people<Users::remove>(kDelete, "/api/v1/users/<user>", "user_delete"),
    of_password<Users::set_password>(kPut, "/api/v1/users/<user>/password", "user_password"),
    of_people<Invitations::create>(kPost, "/api/v1/users/<user>/invitation", "invitation_create"),
    of_invitation<Invitations::read>("/api/v1/invitations/read", "invitation"),
    of_invitation<Invitations::accept>("/api/v1/invitations/accept", "invitation_accept"),
    of_people<Users::organisations>(kGet, "/api/v1/users/<user>/organisations", "user_organisations"),
    of_people<Secrets::of_user>(kGet, "/api/v1/users/<user>/tokens", "user_tokens"),
    of_people<Secrets::revoke_of_user>(kDelete, "/api/v1/users/<user>/tokens/<id>", "user_token_delete"),

    of_people<Secrets::tokens>(kGet, "/api/v1/me/tokens", "tokens"),
    of_people<Secrets::create_token>(kPost, "/api/v1/me/tokens", "token_create"),
    of_people<Secrets::revoke_token>(kDelete, "/api/v1/me/tokens/<id>", "token_delete"),
    of_people<Secrets::sessions>(kGet, "/api/v1/me/sessions", "sessions"),
    of_people<Secrets::revoke_session>(kDelete, "/api/v1/me/sessions/<id>", "session_delete"),

    of_people<Organisations::list>(kGet, "/api/v1/organisations", "organisations"),
    of_people<Organisations::create>(kPost, "/api/v1/organisations", "organisation_create"),
    of_people<Organisations::get>(kGet, "/api/v1/organisations/<organisation>", "organisation"),
    of_people<Organisations::change>(kPatch, "/api/v1/organisations/<organisation>", "organisation_change"),
    of_people<Organisations::remove>(kDelete, "/api/v1/organisations/<organisation>", "organisation_delete"),
    of_people<Organisations::members>(kGet, "/api/v1/organisations/<organisation>/members", "members"),
    of_people<Organisations::set_member>(kPut, "/api/v1/organisations/<organisation>/members/<member>", "member_set"),
    of_people<Organisations::remove_member>(kDelete, "/api/v1/organisations/<organisation>/members/<member>", "member_delete"),
    of_people<Organisations::teams>(kGet, "/api/v1/organisations/<organisation>/teams", "teams"),
    of_people<Organisations::create_team>(kPost, "/api/v1/organisations/<organisation>/teams", "team_create"),
    of_people<Organisations::remove_team>(kDelete, "/api/v1/organisations/<organisation>/teams/<team>", "team_delete"),
    of_people<Organisations::team_members>(kGet, "/api/v1/organisations/<organisation>/teams/<team>/members", "team_members"),
    of_people<Organisations::add_to_team>(kPut, "/api/v1/organisations/<organisation>/teams/<team>/members/<member>", "team_member_set"),
    of_people<Organisations::drop_from_team>(kDelete, "/api/v1/organisations/<organisation>/teams/<team>/members/<member>", "team_member_delete"),

    of_people<Robots::list>(kGet, "/api/v1/robots", "robots"),
    of_people<Robots::create>(kPost, "/api/v1/robots", "robot_create"),
    of_people<Robots::remove>(kDelete, "/api/v1/robots/<namespace>/<robot>", "robot_delete"),

    of_people<Grants::list>(kGet, "/api/v1/grants", "grants"),
    of_people<Grants::create>(kPost, "/api/v1/grants", "grant_create"),
    of_people<Grants::remove>(kDelete, "/api/v1/grants/<id>", "grant_delete"),
    of_people<Grants::explain>(kGet, "/api/v1/access/explain", "access_explain"),
    long_look(of_people<Audit::list>(kGet, "/api/v1/audit", "audit")),
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

void drop_cookie(const http::Request& request, http::Response& response) {
  response.with("Set-Cookie", session_cookie(request, "", std::chrono::seconds(0)));
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

people::Author Call::author() const {
  const auto given = request.header("Authorization");
  const bool by_password = given && people::is_password(*given);
  const bool by_cookie = visitor_of(request, cookie_name_of(request)).by_cookie;
  return people::Author::request({.subject = subject,
                                  .address = std::string(http::client_address(request)),
                                  .in_person = by_password || by_cookie},
                                 registry::actor_of(subject));
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
  bool drops_cookie = false;  // its session has ended
  bool waits = false;         // it is where it may wait for room
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
  std::optional<http::Errand> errand() override {
    Executor* const hashing = api_.services_.hashing;
    const Route::About about = visit_.route->about;
    const bool hashes = about == Route::About::Passwords || about == Route::About::Invitations;
    if (!hashes || hashing == nullptr) return std::nullopt;
    began_ = true;
    return http::Errand{hashing, [this](Context& context) {
                          response_ = api_.run(context, request_, visit_, bytes_);
                        }};
  }
  http::Response finish(Context& context) override {
    if (response_) return *std::exchange(response_, std::nullopt);
    if (began_) return failed(context, {ErrorCode::Unavailable, "no memory"});
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
  bool began_ = false;                      // the errand
  std::optional<http::Response> response_;  // of the errand
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
  forget_ended_session(request, *visit);
  if (auto refused = refusal_of(request, *visit)) return refused;
  request.keep(std::move(visit));
  return std::nullopt;
}

// Who reads by the cookie of a session that has ended reads as nobody in particular: the page would
// have nothing to show else, not even where to sign in.
void RestApi::forget_ended_session(const http::Request& request, Visit& visit) const {
  const auto& error = visit.admission.error;
  if (!visit.by_cookie || !error || error->code != ErrorCode::Unauthenticated) return;
  visit.drops_cookie = true;
  if (!reads(request)) return;
  auth::Caller nobody = visitor_of(request, cookie_name_of(request)).caller;
  nobody.authorization.reset();
  nobody.is_own_secret = false;
  visit.admission = services_.gate.look(nobody);
}

// The answer to who wants something of accounts where there are none, or has none.
std::optional<http::Response> RestApi::stranger(Context& context, const Visit& visit) const {
  if (visit.route->about == Route::About::Contents) return std::nullopt;
  const auto any = services_.memory.find_any(context);
  if (!any) return labelled(to_problem(any.error()), kRefused);
  if (!*any) {
    return labelled(problem(409, "no_accounts",
                            "this registry has no accounts yet. The first one is made on its "
                            "machine: entrepot user create NAME --admin --data DIR"),
                    kRefused);
  }
  if (visit.route->about == Route::About::Invitations ||
      visit.admission.subject->kind() != access::SubjectKind::Anonymous) {
    return std::nullopt;
  }
  return labelled(problem(401, "unauthenticated", "accounts and rights are for who signs in"),
                  kRefused);
}

// The answer to who may not, or of whom it could not be found out.
std::optional<http::Response> RestApi::refusal_of(const http::Request& request,
                                                  const Visit& visit) const {
  const Admission& admission = visit.admission;
  if (admission.error) {
    auto response = to_problem(*admission.error);
    if (response.status == 401) {
      // A browser would ask by itself, in a window of its own.
      if (!visit.by_cookie && !request.header(kPageHeader)) {
        response.with("WWW-Authenticate", "Basic realm=\"entrepot\"");
      }
      if (visit.drops_cookie) drop_cookie(request, response);
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
    forget_ended_session(request, visit);
    Executor* const next = executor_for(request);
    if (!visit.admission.error && next != nullptr) return http::Move{next};
  }
  if (visit.route->action && !visit.admission.is_over()) {
    services_.gate.decide(context, request, *visit.route->action, visit.name, visit.admission);
  }
  if (auto refused = refusal_of(request, visit)) return *std::move(refused);
  if (auto refused = stranger(context, visit)) return *std::move(refused);
  if (!request.has_body()) return run_in_room(context, request, visit);
  return http::Receive{std::make_unique<Body>(*this, request, visit), visit.route->most_body_bytes,
                       /*work_factor=*/4};
}

// What may have to wait for room, or reads long, does so where nobody else waits for the thread.
http::Reply RestApi::run_in_room(Context& context, const http::Request& request,
                                 Visit& visit) const {
  const std::size_t bytes = visit.route->work_bytes;
  const bool may_move = !visit.waits && options_.readers != nullptr;
  http::MemoryAccount::Share room;
  if (!visit.route->reads_long || !may_move) room = services_.account.try_work(bytes);
  if (!room && may_move) {
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
  if (visit->drops_cookie && response.status < 400) drop_cookie(*request, response);
  if (response.route.empty()) response.route = visit->route->label;
  if (visit->admission.subject) response.actor = visit->admission.subject->name();
}

http::Response RestApi::refuse(const http::Refusal& refusal) {
  return labelled(problem(refusal.status, "invalid", refusal.message), kRefused);
}

}  // namespace entrepot::api::rest
