#pragma once
// server/host/port_holder.h — who listens on a port of this machine already.

#include <cstdint>
#include <string>

namespace entrepot::server {

// "process 123 (nginx)", or "a program of user 33" where the system does not tell which; empty when
// nobody is found. Reads /proc; what it says may have changed meanwhile.
std::string port_holder(std::uint16_t port);

}  // namespace entrepot::server
