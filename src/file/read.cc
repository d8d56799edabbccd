#include "file/read.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

#include "base/source.h"
#include "file/error.h"

namespace entrepot::file {

Result<Bytes> read_small(const std::string& path, std::size_t most_bytes) {
  // Mounted secrets and people's own configuration may be a link.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return refused(errno, "opening {}", path);
  const OpenFile file(descriptor);
  Bytes bytes(most_bytes + 1, '\0');
  std::size_t length = 0;
  while (length < bytes.size()) {
    const ssize_t got = ::read(descriptor, bytes.data() + length, bytes.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return refused(errno, "reading {}", path);
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  if (length > most_bytes) {
    return fail(ErrorCode::TooLarge, "{}: longer than {} octets", path, most_bytes);
  }
  bytes.resize(length);
  return bytes;
}

}  // namespace entrepot::file
