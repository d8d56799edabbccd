#pragma once
// http/server/testing/request.h — requests for the tests of handlers, without a socket.

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "http/message.h"

namespace entrepot::http::server::testing {

using Headers = std::vector<std::pair<std::string, std::string>>;

// A peer on this machine: 127.0.0.1, plain HTTP.
Peer loopback_peer();

// From a whole head as a client sends it; dies if a server would refuse it. Lines may end in "\n"
// alone and the last empty line may be missing, so that a test can write it as a raw string.
Request request_from(std::string_view head, Peer peer = loopback_peer());

// `make_request("GET", "/v2/a/tags/list?n=3", {{"Accept", "*/*"}})`. Host is added.
Request make_request(std::string_view method, std::string_view target, const Headers& headers = {},
                     Peer peer = loopback_peer());

}  // namespace entrepot::http::server::testing
