#include "server/host/local_socket.h"

#include <cstddef>

namespace entrepot::server {

Result<LocalAddress> local_address(const std::string& name) {
  LocalAddress out{};
  const bool known = name.starts_with('/') || name.starts_with('@');
  if (!known || name.size() >= sizeof out.address.sun_path) {
    return fail(ErrorCode::InvalidArgument, "\"{}\" names no socket", name);
  }
  out.address.sun_family = AF_UNIX;
  name.copy(out.address.sun_path, name.size());
  if (name[0] == '@') out.address.sun_path[0] = '\0';
  out.size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
  return out;
}

}  // namespace entrepot::server
