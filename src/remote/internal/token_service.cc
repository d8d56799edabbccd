#include "remote/internal/token_service.h"

#include "remote/internal/address.h"

namespace entrepot::remote {
namespace {

std::string question(const Wanted& wanted) {
  std::string url = wanted.realm;
  char before = url.find('?') == std::string::npos ? '?' : '&';
  const auto add = [&](std::string_view name, const std::string& value) {
    if (value.empty()) return;
    url += fmt::format("{}{}={}", before, name, escaped(value));
    before = '&';
  };
  add("service", wanted.service);
  add("scope", wanted.scope);
  return url;
}

Failure refusal(const http::client::Response& answer, const Wanted& wanted) {
  switch (answer.status) {
    case 401:
    case 403:
      return fail(ErrorCode::Denied, "the token service {} {} (it answers {})", wanted.realm,
                  wanted.with_credentials ? "does not take the credentials"
                                          : "has no token for nobody in particular",
                  answer.status);
    case 429:
      return fail(ErrorCode::RateLimited, "the token service {} was asked too often", wanted.realm);
    default:
      return fail(ErrorCode::Unavailable, "the token service {} answers {}", wanted.realm,
                  answer.status);
  }
}

}  // namespace

Result<Fetched> fetch_token(Context& context, http::client::Client& client, const Wanted& wanted,
                            const std::string& authorization, Pace& pace) {
  http::client::Request request{
      .url = question(wanted),
      .headers = {{"Accept", "application/json"}, {"Accept-Encoding", "identity"}}};
  if (wanted.with_credentials) request.headers.emplace_back("Authorization", authorization);
  auto answer = client.send(context, request);
  if (!answer) {
    Error error = std::move(answer).error();
    const bool ours = error.code == ErrorCode::Timeout || error.code == ErrorCode::Cancelled;
    if (!ours) error.code = ErrorCode::Unavailable;
    return Failure(std::move(error).within("the token service"));
  }
  pace.hear(*answer);
  if (answer->status != 200) return refusal(*answer, wanted);
  auto fetched = parse_token(answer->body);
  if (!fetched) {
    return fail(ErrorCode::Unavailable, "the token service {} answers with no token: {}",
                wanted.realm, fetched.error().message);
  }
  return fetched;
}

}  // namespace entrepot::remote
