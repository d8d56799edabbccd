#pragma once
// api/token/scope.h — what a client asks a token for (Docker's token scope documentation).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "access/action.h"

namespace entrepot::api::token {

// "repository:acme/app:pull,push". The name may hold a colon (a host with a port stands in some),
// so that the type is what stands before the first one, and the actions what stands behind the
// last.
struct Scope {
  std::string repository;   // "" for the registry's catalog
  access::Actions actions;  // words that nobody knows are left out
};

// Nothing for what no token can be given for: another type, a name that no repository has.
// "repository(plugin)" is as good as "repository".
std::optional<Scope> parse_scope(std::string_view text);

// All of a request: each value may hold several with spaces between them. At most kMostScopes, the
// first ones; what cannot be given is left out.
inline constexpr std::size_t kMostScopes = 64;
std::vector<Scope> parse_scopes(const std::vector<std::string>& values);

}  // namespace entrepot::api::token
