#pragma once
// server/run/probe.h — where a running server answers `entrepot health`, whatever its addresses
// are.

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace entrepot::server {

// A server listens on an abstract name of its machine, besides its addresses: no file, nothing to
// configure, no TLS, gone with the process. Who shares its network and its process namespace (a
// probe inside its container does) finds it there, and gets no more than a status. It is no proof:
// another program of this machine could have taken the name before. A server whose name is taken
// says so in its log, and serves.

// The name of the server that has this data directory: "@entrepot/<process namespace>/<directory>".
// NotFound when there is no such directory.
Result<std::string> probe_name(const std::string& data_path);

// The names of all servers that run here.
Result<std::vector<std::string>> running_probes();

// Answered besides the health end points: who changed rights in the metadata beside the server asks
// it to look at them now. 200 when it has.
inline constexpr std::string_view kRightsPath = "/rights";

// The status of a GET of `path`. Unavailable when nobody answers, Timeout when that takes longer.
Result<int> ask_probe(const std::string& name, std::string_view path,
                      std::chrono::milliseconds patience);

}  // namespace entrepot::server
