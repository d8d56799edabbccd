#pragma once
// server/host/system_error.h — errno as an Error.

#include <string_view>

#include "base/result.h"

namespace entrepot::server {

// `error` (an errno) as the result of `doing`, such as "opening /etc/entrepot.yml".
Failure system_error(int error, std::string_view doing);

}  // namespace entrepot::server
