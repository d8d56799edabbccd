#include "api/distribution/refusal.h"

#include <algorithm>

#include <fmt/format.h>

#include "api/distribution/wire.h"

namespace entrepot::api::distribution {
namespace {

using access::Action;
using Verdict = access::Decision::Verdict;

enum class Credentials { None, Basic, Bearer };

Credentials credentials_of(const http::Request& request) {
  const auto text = request.header("Authorization");
  if (!text) return Credentials::None;
  const std::string_view scheme = text->substr(0, text->find(' '));
  return http::equals_ignoring_case(scheme, "Bearer") ? Credentials::Bearer : Credentials::Basic;
}

// What a token has to allow for the request, as the token service reads it.
std::string scope_of(const Asked& asked) {
  switch (asked.action) {
    case Action::Ping:
      return "";
    case Action::ListCatalog:
      return "registry:catalog:*";
    case Action::Push:
    case Action::Tag:
    case Action::Create:
      return fmt::format("repository:{}:pull,push", asked.repository);
    case Action::Delete:
      return fmt::format("repository:{}:delete", asked.repository);
    default:
      return fmt::format("repository:{}:pull", asked.repository);
  }
}

// Without what would end a quoted string, or the header.
std::string quoted(std::string_view text) {
  std::string out(text);
  std::replace_if(
      out.begin(), out.end(), [](char c) { return c < ' ' || c > '~' || c == '"' || c == '\\'; },
      '\'');
  return '"' + out + '"';
}

http::Response challenged(const Challenge& challenge, const std::string& scope,
                          std::string_view error, std::string_view why) {
  std::string value =
      fmt::format("Bearer realm={},service={}", quoted(challenge.realm), quoted(challenge.service));
  if (!scope.empty()) value += ",scope=" + quoted(scope);
  if (!error.empty()) {
    value += fmt::format(",error={},error_description={}", quoted(error), quoted(why));
  }
  auto response = error_response(401, "UNAUTHORIZED", why);
  response.with("WWW-Authenticate", std::move(value));
  return response;
}

}  // namespace

http::Response refuse_caller(const Error& error, const http::Request& request,
                             const std::optional<Challenge>& challenge) {
  if (error.code != ErrorCode::Unauthenticated || !challenge) {
    return to_response(error, About::Registry, request.id());
  }
  const bool bearer = credentials_of(request) == Credentials::Bearer;
  return challenged(*challenge, "", bearer ? "invalid_token" : "", error.message);
}

http::Response refuse_action(const access::Decision& decision, const Asked& asked,
                             const http::Request& request,
                             const std::optional<Challenge>& challenge) {
  if (decision.verdict == Verdict::Unsupported) {
    return error_response(405, "UNSUPPORTED", decision.reason);
  }
  const Credentials credentials = credentials_of(request);
  if (challenge && credentials != Credentials::Basic) {
    const bool bearer = credentials == Credentials::Bearer;
    return challenged(*challenge, scope_of(asked), bearer ? "insufficient_scope" : "",
                      decision.reason);
  }
  if (decision.verdict == Verdict::Unauthenticated) {
    return error_response(401, "UNAUTHORIZED", decision.reason);
  }
  if (decision.verdict == Verdict::Absent && access::only_reads(asked.action)) {
    return error_response(404, "NAME_UNKNOWN", decision.reason);
  }
  return error_response(403, "DENIED", decision.reason);
}

}  // namespace entrepot::api::distribution
