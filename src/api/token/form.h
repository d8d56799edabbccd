#pragma once
// api/token/form.h — what a client posts for a token (Docker's token specification, OAuth 2).

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace entrepot::api::token {

// Which proof a form carries decides what else it has.
struct PasswordGrant {
  std::string username;
  std::string password;
};
struct RefreshGrant {
  std::string refresh_token;
};

struct Form {
  std::optional<PasswordGrant> password;  // one of these two
  std::optional<RefreshGrant> refresh;
  std::string service;
  std::string client;  // client_id
  std::vector<std::string> scopes;
  bool offline = false;  // access_type=offline: a refresh token is wanted
};

// A longer body is none of a client's.
inline constexpr std::size_t kMostFormBytes = 64 << 10;

// Of application/x-www-form-urlencoded. InvalidArgument, with what is wrong: a bad escape, a field
// that is missing or there twice, another grant_type than "password" and "refresh_token". Unknown
// fields are passed over.
Result<Form> parse_form(std::string_view body);

}  // namespace entrepot::api::token
