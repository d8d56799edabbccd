#include "api/token/issuer.h"

#include <algorithm>

#include "api/token/answers.h"
#include "base/log.h"
#include "http/forwarded.h"
#include "json/writer.h"

namespace entrepot::api::token {
namespace {

using access::Action;
using access::Actions;

constexpr std::size_t kMostName = 40;

// As the answer to a form says what was given (RFC 6749 §5.1).
std::string scope_text(const access::Bound& bound) {
  std::string text;
  for (const access::Bound::Scope& scope : bound.scopes) {
    if (!text.empty()) text += ' ';
    if (scope.repository.empty()) {
      text += "registry:catalog:*";
      continue;
    }
    text += "repository:" + scope.repository;
    char before = ':';
    for (const std::string_view word : people::scope_words(scope.actions)) {
      (text += before) += word;
      before = ',';
    }
  }
  return text;
}

}  // namespace

Result<http::Response> Issuer::issue(Context& context, const http::Request& request,
                                     const access::Subject& subject, const Wish& wish) const {
  people::TokenClaims claims;
  claims.account = meta::AccountId{subject.id()};
  claims.name = subject.name();
  TRY_ASSIGN(const auto standing, parts_.memory.find_standing(context, claims.account));
  claims.epoch = standing->epoch;
  TRY_ASSIGN(claims.bound, allowed_of(context, request, subject, wish.scopes));
  claims.issued_at = parts_.clock.wall();
  WallTime expires_at = claims.issued_at + life_;
  if (subject.bound() != nullptr && subject.bound()->expires_at) {
    expires_at = std::min(expires_at, *subject.bound()->expires_at);
  }
  claims.bound.expires_at = expires_at;
  TRY_ASSIGN(const std::string token, parts_.tokens.issue(claims));
  const std::string refresh_token = refresh_token_for(context, request, claims, wish);
  const auto life = std::chrono::duration_cast<std::chrono::seconds>(expires_at - claims.issued_at);
  std::string body;
  json::Writer writer(body);
  writer.begin_object()
      .member("token", std::string_view(token))
      .member("access_token", std::string_view(token))
      .member("scope", std::string_view(scope_text(claims.bound)))
      .member("expires_in", life.count())
      .member("issued_at", std::string_view(to_rfc3339(claims.issued_at)));
  if (!refresh_token.empty()) writer.member("refresh_token", std::string_view(refresh_token));
  writer.end_object();
  auto response = answer(200, std::move(body));
  response.actor = claims.name;
  return response;
}

// The password is asked for once more, of memory: it still counts behind the moment at which the
// epoch was read, so that was not raised in between by a new password.
std::string Issuer::refresh_token_for(Context& context, const http::Request& request,
                                      const people::TokenClaims& claims, const Wish& wish) const {
  if (wish.offline_by.empty() || !claims.account) return "";
  Admission still;
  parts_.gate.authenticate(context, request, wish.offline_by, still);
  if (!still.subject || still.subject->id() != claims.account.value) return "";
  std::string client = wish.client.empty() ? "a client" : wish.client.substr(0, kMostName);
  (client += " from ") += http::client_address(request);
  auto given = parts_.refresh_tokens.give(context, claims.account, claims.epoch, client);
  if (given) return *std::move(given);
  log::warning("{} gets no refresh token: {}", claims.name, given.error());
  return "";
}

Result<access::Bound> Issuer::allowed_of(Context& context, const http::Request& request,
                                         const access::Subject& subject,
                                         const std::vector<Scope>& scopes) const {
  access::Bound bound;
  for (const Scope& scope : scopes) {
    if (scope.repository.empty()) {
      // Lists show what their reader may see, whoever it is.
      bound.scopes.push_back({"", {Action::ListCatalog}});
      continue;
    }
    const bool is_pull = !scope.actions.has(Action::Push);
    const std::string repository =
        parts_.meant ? parts_.meant(scope.repository, is_pull) : scope.repository;
    Actions allowed;
    for (const people::ScopeWord& word : people::all_scope_words()) {
      if (!scope.actions.has(word.asks)) continue;
      TRY_ASSIGN(const bool may_do, may(context, request, subject, word.asks, repository));
      if (may_do) allowed = allowed | word.gives;
    }
    if (allowed != Actions{}) bound.scopes.push_back({repository, allowed});
  }
  return bound;
}

Result<bool> Issuer::may(Context& context, const http::Request& request,
                         const access::Subject& subject, Action action,
                         std::string_view repository) const {
  TRY_ASSIGN(const auto decision,
             parts_.gate.policy().decide(
                 context, parts_.gate.question(request, subject, action, repository)));
  return decision.allowed();
}

}  // namespace entrepot::api::token
