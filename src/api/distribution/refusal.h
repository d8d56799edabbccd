#pragma once
// api/distribution/refusal.h — how "no" looks on the wire.

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "access/policy.h"
#include "http/message.h"

namespace entrepot::api::distribution {

// Where clients get tokens. Without one nobody is asked to sign in.
struct Challenge {
  std::string realm;    // the URL of the token service
  std::string service;  // the registry's name there, the same under every host name
};

// Of the request that is refused, for the realm is told under the address that the client used.
// Empty, or nothing returned: nobody is asked to sign in. Called on event loops.
using Challenges = std::function<std::optional<Challenge>(const http::Request&)>;

struct Asked {
  access::Action action;
  std::string_view repository;
};

// For who was not let in: wrong or dead credentials (401), or no way in for anybody (403).
http::Response refuse_caller(const Error& error, const http::Request& request,
                             const std::optional<Challenge>& challenge);

// For who may not. The same for what is there and what is not, to the byte, as long as the policy's
// words are:
//
//   | credentials            | answer                                                  |
//   |------------------------|---------------------------------------------------------|
//   | none, with a challenge | 401, with the scope of the request                      |
//   | Bearer, likewise       | 401, insufficient_scope                                 |
//   | Basic, or no challenge | Absent: a read 404 NAME_UNKNOWN, a write 403; else 403  |
//
// Where nobody may, 405. docker prints a challenge's error_description, so that says why.
http::Response refuse_action(const access::Decision& decision, const Asked& asked,
                             const http::Request& request,
                             const std::optional<Challenge>& challenge);

}  // namespace entrepot::api::distribution
