#pragma once
// server/host/service_manager.h — telling systemd, or whoever started us so, how far we are.

#include <string_view>

namespace entrepot::server {

inline constexpr std::string_view kReady = "READY=1";
inline constexpr std::string_view kStopping = "STOPPING=1";

// Sends `state` as one datagram to the socket that $NOTIFY_SOCKET names, by path or, with "@"
// before it, by abstract name: the protocol of sd_notify(3). Nothing where the variable is not set.
// Never waits; what goes wrong is logged at debug alone, for a server serves without it.
void tell_service_manager(std::string_view state);

}  // namespace entrepot::server
