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

// The other way round, for credentials that came in another way than the header.
std::string to_authorization(const BasicCredentials& credentials);

// Does the header carry a password: a name with a secret that is none of those that we make up?
// Only these can be guessed, and cost something to prove.
bool is_password(std::string_view authorization);

}  // namespace entrepot::people
