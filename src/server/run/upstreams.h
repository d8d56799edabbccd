#pragma once
// server/run/upstreams.h — the other registries that the options name.

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "mirror/mirror.h"
#include "server/options/options.h"

namespace entrepot::server {

// One for mirror.root and each of mirror.upstreams, none twice. Asks none of them. InvalidArgument
// and the file's own errors for mirror.credentials; Unsupported where libcurl is missing.
Result<std::vector<mirror::Upstream>> make_upstreams(const Options& options, const Clock& clock);

// What they are called, root first.
std::vector<std::string> upstream_names(const Options& options);

mirror::Options mirror_options(const Options& options);

}  // namespace entrepot::server
