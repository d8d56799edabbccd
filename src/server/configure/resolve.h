#pragma once
// server/configure/resolve.h — host names in the addresses to listen on.

#include "base/result.h"
#include "server/options/options.h"

namespace entrepot::server {

// Puts in the place of each host name in http.listen and debug.listen all addresses that it stands
// for now. Left out, with a warning, are those that this machine does not have, as long as one is
// left. Blocks for as long as the system's resolver does. Unavailable for a name that stands for
// nothing that this machine has.
Result<void> resolve_names(Options& options);

}  // namespace entrepot::server
