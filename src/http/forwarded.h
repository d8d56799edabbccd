#pragma once
// http/forwarded.h — what trusted proxies tell of a request.

#include <string_view>

#include "http/message.h"

namespace entrepot::http {

// The client's address: the peer's, unless the peer is a trusted proxy (Peer::proxies). Then the
// one nearest to it that is none, of `Forwarded` (its for=) where there is one, else of
// X-Forwarded-For: what stands before that, the client may have written itself. Where a name or
// nothing useful stands, the last address that a trusted proxy vouched for. A view into the
// request.
std::string_view client_address(const Request& request);

}  // namespace entrepot::http
