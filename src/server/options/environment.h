#pragma once
// server/options/environment.h — environment variables that are addressed to the server.

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "server/options/options.h"

namespace entrepot::server {

// Name and value, sorted by name.
using Environment = std::vector<std::pair<std::string, std::string>>;
Environment process_environment();

// Does Kubernetes set such a variable for every container beside a service of some name
// (…_SERVICE_HOST, …_PORT=tcp://10.0.0.1:80, …_PORT_80_TCP_ADDR)? Those are addressed to nobody.
bool is_from_kubernetes(const std::string& name, const std::string& value);

struct EnvironmentSettings {
  std::vector<Setting> settings;
  std::vector<std::string> warnings;  // names that begin with ENTREPOT_ but mean nothing
};

// What the ENTREPOT_ variables set. InvalidArgument when the entries of a list have a gap
// (…_0, …_2) or stand beside the whole list.
Result<EnvironmentSettings> read_environment(const Environment& environment);

// "ENTREPOT_IMAGE=1": the program runs as the command of its own container image.
bool runs_in_own_image(const Environment& environment);

// The data directory in the image, and in that of registry:2.
inline constexpr char kImageData[] = "/var/lib/registry";

}  // namespace entrepot::server
