#pragma once
// server/run/openness.h — who may reach a server that has no accounts.

#include <string>
#include <vector>

#include "auth/open_mode.h"
#include "base/result.h"
#include "server/configure/configuration.h"

namespace entrepot::server {

struct Openness {
  auth::Reach reach = auth::Reach::ThisMachine;
  std::string why;  // what made it wider; "" when it is not
};

// Without accounts the server is for this machine alone, unless somebody said otherwise: the option
// `open`, or something of distribution's (its configuration, or its directories in `data`), which
// was as open before. Directories alone do not say that a page with a rebound name may come in
// (Reach::Adopted). Denied, with what to do, when an address is to be listened on that other
// machines can reach. Host names have been resolved before.
Result<Openness> decide_openness(const Configuration& configuration);

// The rules at the door by that and the options: own names are `names` and the host of http.host;
// pages that may ask are http.origins and what Access-Control-Allow-Origin in http.headers names.
auth::OpenMode::Options door_options(const Options& options, auth::Reach reach);

// What an administrator should know of it at the start, one line each.
std::vector<std::string> door_warnings(const Options& options, const Openness& openness);

}  // namespace entrepot::server
