#include "server/host/service_manager.h"

#include <sys/socket.h>

#include <cerrno>
#include <cstdlib>
#include <string>

#include "base/log.h"
#include "base/source.h"
#include "file/error.h"
#include "server/host/local_socket.h"

namespace entrepot::server {
namespace {

Result<void> send_datagram(const std::string& name, std::string_view state) {
  TRY_ASSIGN(const LocalAddress to, local_address(name));
  const OpenFile socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (socket.descriptor() < 0) return file::failed(errno, "making a socket");
  if (::sendto(socket.descriptor(), state.data(), state.size(), MSG_NOSIGNAL | MSG_DONTWAIT,
               to.any(), to.size) < 0) {
    return file::failed(errno, "sending to {}", name);
  }
  return {};
}

}  // namespace

void tell_service_manager(std::string_view state) {
  const char* name = std::getenv("NOTIFY_SOCKET");
  if (name == nullptr || *name == '\0') return;
  const auto told = send_datagram(name, state);
  if (!told) log::debug("service manager: {}", told.error().message);
}

}  // namespace entrepot::server
