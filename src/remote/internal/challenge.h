#pragma once
// remote/internal/challenge.h — what a server wants to see before it answers (RFC 9110 §11.3,
// RFC 6750 §3).

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/client/client.h"

namespace entrepot::remote {

// One challenge as it stands in a header.
struct Demand {
  std::string scheme;                                                // in lower case
  std::vector<std::pair<std::string, std::string>> parameters = {};  // names in lower case

  friend bool operator==(const Demand&, const Demand&) = default;
};

// All challenges of one WWW-Authenticate: "Basic realm="x", Bearer realm="y",service="z"". Values
// need no quotes, whatever letters they have up to a comma or a blank, because servers leave them
// out. Behind what is no list of challenges nothing is read. Time is linear in the length.
std::vector<Demand> parse_demands(std::string_view text);

// The one that is met.
struct Challenge {
  enum class Kind { Basic, Bearer };
  Kind kind = Kind::Basic;
  std::string realm, service, scope;  // of a Bearer; the realm is not empty

  friend bool operator==(const Challenge&, const Challenge&) = default;
};

// The first Bearer that names a realm, else a Basic.
std::optional<Challenge> find_challenge(const http::client::Headers& headers);

}  // namespace entrepot::remote
