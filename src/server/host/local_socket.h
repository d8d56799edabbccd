#pragma once
// server/host/local_socket.h — addresses of sockets that are for programs of this machine.

#include <sys/socket.h>
#include <sys/un.h>

#include <string>

#include "base/result.h"

namespace entrepot::server {

// What bind, connect and sendto take.
struct LocalAddress {
  sockaddr_un address;
  socklen_t size;

  const sockaddr* any() const { return reinterpret_cast<const sockaddr*>(&address); }
};

// Of "/a/path", or of "@name": an abstract name, which is no file and goes with its socket.
// InvalidArgument for anything else, and for what is too long.
Result<LocalAddress> local_address(const std::string& name);

}  // namespace entrepot::server
