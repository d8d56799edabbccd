#include "api/token/service.h"

#include "json/writer.h"

namespace entrepot::api::token {
namespace {

using access::Action;
using access::Actions;

constexpr std::string_view kLabel = "token";

// Who asks, kept with the request from the first step to the last.
struct Visit final : http::Note {
  explicit Visit(Admission asked) : admission(std::move(asked)) {}
  Admission admission;
};

http::Response answer(int status, std::string body) {
  auto response = http::Response::text(status, "application/json", std::move(body));
  response.with("Cache-Control", "no-store");
  response.route = kLabel;
  return response;
}

// In the words of the distribution API, which the clients of this one read.
http::Response problem(int status, std::string_view code, std::string_view message) {
  std::string body;
  json::Writer(body)
      .begin_object()
      .key("errors")
      .begin_array()
      .begin_object()
      .member("code", code)
      .member("message", message)
      .end_object()
      .end_array()
      .member("details", message)
      .end_object();
  return answer(status, std::move(body));
}

http::Response problem(const Error& error) {
  switch (error.code) {
    case ErrorCode::Unauthenticated: {
      auto response = problem(401, "UNAUTHORIZED", error.message);
      response.with("WWW-Authenticate", "Basic realm=\"entrepot\"");
      return response;
    }
    case ErrorCode::Denied:
      return problem(403, "DENIED", error.message);
    case ErrorCode::RateLimited: {
      auto response = problem(429, "TOOMANYREQUESTS", error.message);
      response.with("Retry-After", "60");
      return response;
    }
    default: {
      auto response =
          problem(503, "UNAVAILABLE", "the token service is unavailable, try again later");
      response.with("Retry-After", "1");
      return response;
    }
  }
}

}  // namespace

std::optional<http::Response> TokenService::answer_from_memory(const http::Request& request) {
  const std::string_view path = request.path().substr(options_.prefix.size());
  if (path != "/token" && path != "/token/jwks") {
    return problem(404, "UNKNOWN", "there is nothing here");
  }
  if (request.method() != http::Method::Get && request.method() != http::Method::Head) {
    auto response = problem(405, "UNSUPPORTED", "tokens are asked for by GET");
    response.with("Allow", "GET, HEAD");
    return response;
  }
  if (path == "/token/jwks") return answer(200, tokens_.jwks());
  const auto service = request.parameter("service");
  if (service && !service->empty() && *service != people::Tokens::kService) {
    return problem(400, "UNSUPPORTED",
                   "this is the token service of \"entrepot\" alone; ask with the service that the "
                   "challenge names");
  }
  Admission admission = gate_.look(request);
  if (admission.error) return problem(*admission.error);
  request.keep(std::make_unique<Visit>(std::move(admission)));
  return std::nullopt;
}

Executor* TokenService::executor_of(const http::Request& request) {
  const auto* visit = static_cast<const Visit*>(request.note());
  return visit == nullptr ? nullptr : visit->admission.executor;
}

http::Reply TokenService::handle(Context& context, const http::Request& request) {
  if (request.note() == nullptr) {
    if (auto response = answer_from_memory(request)) return *std::move(response);
  }
  Admission& admission = static_cast<Visit&>(*request.note()).admission;
  gate_.authenticate(context, request, admission);
  if (admission.error) return problem(*admission.error);
  auto given = grant(context, request, *admission.subject);
  if (!given) return problem(given.error());
  given->actor = admission.subject->name();
  return *std::move(given);
}

Result<http::Response> TokenService::grant(Context& context, const http::Request& request,
                                           const access::Subject& subject) const {
  people::TokenClaims claims;
  claims.account = meta::AccountId{subject.id()};
  claims.name = subject.name();
  TRY_ASSIGN(const auto standing, memory_.find_standing(context, claims.account));
  claims.epoch = standing->epoch;
  TRY_ASSIGN(claims.bound, allowed_of(context, request, subject));
  claims.issued_at = clock_.wall();
  WallTime expires_at = claims.issued_at + options_.life;
  if (subject.bound() != nullptr && subject.bound()->expires_at) {
    expires_at = std::min(expires_at, *subject.bound()->expires_at);
  }
  claims.bound.expires_at = expires_at;
  TRY_ASSIGN(const std::string token, tokens_.issue(claims));
  const auto life = std::chrono::duration_cast<std::chrono::seconds>(expires_at - claims.issued_at);
  std::string body;
  json::Writer(body)
      .begin_object()
      .member("token", std::string_view(token))
      .member("access_token", std::string_view(token))
      .member("expires_in", life.count())
      .member("issued_at", std::string_view(to_rfc3339(claims.issued_at)))
      .end_object();
  return answer(200, std::move(body));
}

Result<access::Bound> TokenService::allowed_of(Context& context, const http::Request& request,
                                               const access::Subject& subject) const {
  access::Bound bound;
  for (const Scope& scope : parse_scopes(request.parameters("scope"))) {
    if (scope.repository.empty()) {
      // Lists show what their reader may see, whoever it is.
      bound.scopes.push_back({"", {Action::ListCatalog}});
      continue;
    }
    Actions allowed;
    for (const people::ScopeWord& word : people::all_scope_words()) {
      if (!scope.actions.has(word.asks)) continue;
      TRY_ASSIGN(const bool may_do, may(context, request, subject, word.asks, scope.repository));
      if (may_do) allowed = allowed | word.gives;
    }
    if (allowed != Actions{}) bound.scopes.push_back({scope.repository, allowed});
  }
  return bound;
}

Result<bool> TokenService::may(Context& context, const http::Request& request,
                               const access::Subject& subject, Action action,
                               std::string_view repository) const {
  TRY_ASSIGN(const auto decision,
             gate_.policy().decide(context, gate_.question(request, subject, action, repository)));
  return decision.allowed();
}

void TokenService::dress(const http::Request* /*request*/, http::Response& response) {
  response.with("X-Content-Type-Options", "nosniff");
}

http::Response TokenService::refuse(const http::Refusal& refusal) {
  return problem(refusal.status, "UNSUPPORTED", refusal.message);
}

}  // namespace entrepot::api::token
