#pragma once
// api/caller.h — where a request came from.

#include "auth/authenticator.h"
#include "http/message.h"

namespace entrepot::api {

// Looks at each header once and allocates nothing: event loops ask for every request. `forwarded`
// is true when anything tells of a proxy: HTTP/1.0, which proxies speak to what is behind them and
// clients of registries do not, or a header that a usual proxy, load balancer or content network
// adds by itself: Forwarded, Via, X-Forwarded-*, X-Original-*, X-Real-IP, CF-*, and so on.
// A proxy may be set up to add none of these and to speak HTTP/1.1; then it cannot be told from a
// client.
auth::Caller caller_of(const http::Request& request);

}  // namespace entrepot::api
