#pragma once
// api/token/service.h — the handler behind /token: where registry clients get their tokens.

#include <chrono>
#include <string>

#include "api/gate.h"
#include "api/token/issuer.h"
#include "http/handler.h"

namespace entrepot::api::token {

// Docker's token authentication specification:
//
// - GET /token?service=…&scope=…: 200 with a token for the part of what was asked that the caller
//   may do now, which may be nothing. Without credentials, for anonymous. With offline_token=true
//   and a password, a refresh token as well.
// - POST /token, a form: the same for grant_type=password, with access_type=offline for the refresh
//   token, and for grant_type=refresh_token. What the form carries is what counts; an Authorization
//   header beside it is not looked at.
// - GET /token/jwks: the public keys, as a JWK set.
//
// 401 for wrong credentials, 400 for another service than ours and for a form that is none, 413 for
// one of more than kMostFormBytes. Nothing is written but refresh tokens, without which it answers
// all the same. Passwords are proved on the authenticator's own threads. Thread-safe.
class TokenService final : public http::Handler {
 public:
  struct Options {
    std::string prefix;  // in front of /token, without a slash at its end
    std::chrono::seconds life{3600};
  };
  // All of it outlives this.
  TokenService(const Issuer::Parts& parts, Options options)
      : parts_(parts), issuer_(parts, options.life), options_(std::move(options)) {}

  std::optional<http::Response> answer_from_memory(const http::Request& request) override;
  Executor* executor_of(const http::Request& request) override;
  http::Reply handle(Context& context, const http::Request& request) override;
  void dress(const http::Request* request, http::Response& response) override;
  http::Response refuse(const http::Refusal& refusal) override;

 private:
  http::Reply take_form(const http::Request& request) const;

  const Issuer::Parts parts_;
  const Issuer issuer_;
  const Options options_;
};

}  // namespace entrepot::api::token
