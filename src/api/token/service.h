#pragma once
// api/token/service.h — the handler behind /token: where registry clients get their tokens.

#include <chrono>
#include <string>

#include "api/gate.h"
#include "api/token/scope.h"
#include "base/metrics.h"
#include "http/handler.h"
#include "people/memory.h"
#include "people/tokens.h"

namespace entrepot::api::token {

// Docker's token authentication specification:
//
// - GET /token?service=…&scope=…: 200 with a token for the part of what was asked that the caller
//   may do now, which may be nothing. Without credentials, for anonymous. 401 for wrong
//   credentials, 400 for another service than ours.
// - GET /token/jwks: the public keys, as a JWK set.
//
// POST is 405, on which clients ask by GET. Nothing is written. Thread-safe.
class TokenService final : public http::Handler {
 public:
  struct Options {
    std::string prefix;  // in front of /token, without a slash at its end
    std::chrono::seconds life{3600};
  };
  // All of it outlives this.
  TokenService(const Gate& gate, people::Memory& memory, const people::Tokens& tokens,
               const Clock& clock, Options options)
      : gate_(gate),
        memory_(memory),
        tokens_(tokens),
        clock_(clock),
        options_(std::move(options)) {}

  std::optional<http::Response> answer_from_memory(const http::Request& request) override;
  Executor* executor_of(const http::Request& request) override;
  http::Reply handle(Context& context, const http::Request& request) override;
  void dress(const http::Request* request, http::Response& response) override;
  http::Response refuse(const http::Refusal& refusal) override;

 private:
  Result<http::Response> grant(Context& context, const http::Request& request,
                               const access::Subject& subject) const;
  Result<access::Bound> allowed_of(Context& context, const http::Request& request,
                                   const access::Subject& subject) const;
  Result<bool> may(Context& context, const http::Request& request, const access::Subject& subject,
                   access::Action action, std::string_view repository) const;

  const Gate& gate_;
  people::Memory& memory_;
  const people::Tokens& tokens_;
  const Clock& clock_;
  const Options options_;
};

}  // namespace entrepot::api::token
