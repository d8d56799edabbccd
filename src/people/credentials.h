#pragma once
// people/credentials.h — what an Authorization header says.

#include <string>
#include <string_view>
#include <variant>

#include "base/result.h"

namespace entrepot::people {

// A name and a secret of any kind: a password, an access token, a robot's secret (RFC 7617, UTF-8).
struct BasicCredentials {
  std::string name;
  std::string secret;
};

// A token by itself (RFC 6750).
struct BearerCredentials {
  std::string token;
};

using Credentials = std::variant<BasicCredentials, BearerCredentials>;

// Unauthenticated, with what is wrong, for anything else. The scheme's case does not matter.
Result<Credentials> parse_authorization(std::string_view header);

}  // namespace entrepot::people
