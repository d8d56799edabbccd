#pragma once
// api/token/issuer.h — makes the tokens, once it is known who asks.

#include <chrono>
#include <functional>
#include <string>
#include <vector>

#include "api/gate.h"
#include "api/token/scope.h"
#include "people/memory.h"
#include "people/refresh_tokens.h"
#include "people/tokens.h"

namespace entrepot::api::token {

// What a client asks for, whether by GET or by POST.
struct Wish {
  std::vector<Scope> scopes;
  // The password that was proved, as an Authorization header says it, for which a refresh token is
  // wanted; "": none is. Access tokens and robots get none.
  std::string offline_by;
  std::string client;  // how it calls itself
};

// Thread-safe.
class Issuer {
 public:
  // All of it outlives this.
  struct Parts {
    const Gate& gate;
    people::Memory& memory;
    const people::Tokens& tokens;
    people::RefreshTokens& refresh_tokens;
    const Clock& clock;
    // The repository that a name in a scope means, as requests with that name mean it; null:
    // itself. Clients make a scope of the name that they ask with.
    std::function<std::string(const std::string& repository, bool is_pull)> meant = {};
  };
  Issuer(Parts parts, std::chrono::seconds life) : parts_(parts), life_(life) {}

  // 200, with a registry token for the part of what is wished that the subject may do now. Where a
  // refresh token is wanted it waits for a commit; one that cannot be kept (a full disk, a
  // read-only one) is left out.
  Result<http::Response> issue(Context& context, const http::Request& request,
                               const access::Subject& subject, const Wish& wish) const;

 private:
  Result<access::Bound> allowed_of(Context& context, const http::Request& request,
                                   const access::Subject& subject,
                                   const std::vector<Scope>& scopes) const;
  Result<bool> may(Context& context, const http::Request& request, const access::Subject& subject,
                   access::Action action, std::string_view repository) const;
  std::string refresh_token_for(Context& context, const http::Request& request,
                                const people::TokenClaims& claims, const Wish& wish) const;

  const Parts parts_;
  const std::chrono::seconds life_;
};

}  // namespace entrepot::api::token
