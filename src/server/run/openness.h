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
  std::string why;             // what made it wider; "" when it is not
  bool needs_account = false;  // other machines reach it, and nobody said that it is open; or
                               // people of a file do
};

// Without accounts the server is for this machine alone, unless somebody said otherwise: the option
// `open`, or distribution's configuration, which asked nobody either. (Its directories alone do not
// tell whether it asked for passwords.) If it listens on an address that other machines can reach
// it needs an account then. Host names have been resolved before.
Openness decide_openness(const Configuration& configuration);

// The rules at the door by that and the options: own names are `names` and the host of http.host;
// pages that may ask are http.origins and what Access-Control-Allow-Origin in http.headers names.
auth::OpenMode::Options door_options(const Options& options, auth::Reach reach);

// What an administrator should know of it at the start, one line each.
std::vector<std::string> door_warnings(const Options& options, const Openness& openness);

}  // namespace entrepot::server
