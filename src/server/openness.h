#pragma once
// server/openness.h — who may reach a server that has no accounts.

#include <string>

#include "base/result.h"
#include "server/configuration.h"

namespace entrepot::server {

struct Openness {
  bool anywhere = false;  // whoever reaches the server is let in
  std::string why;        // what made it so; "" when it is not
};

// Without accounts the server is for this machine alone, unless somebody said otherwise: the option
// `open`, or something of distribution's (its configuration, or its directories in `data`), which
// was as open before. Denied, with what to do, when an address is to be listened on that other
// machines can reach.
Result<Openness> decide_openness(const Configuration& configuration);

}  // namespace entrepot::server
