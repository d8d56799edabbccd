#include "server/configure/secret_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/log.h"
#include "base/source.h"
#include "file/error.h"

namespace entrepot::server {

Result<Bytes> read_secret_file(const std::string& path, std::size_t most_bytes) {
  // The operator's file: mounted secrets are links.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return file::refused(errno, "opening {}", path);
  const OpenFile file(descriptor);
  struct stat status {};
  if (::fstat(descriptor, &status) == 0 && (status.st_mode & S_IROTH) != 0) {
    log::warning("{} is a secret that everybody on this machine may read: chmod 600 it", path);
  }
  Bytes bytes(most_bytes + 1, '\0');
  std::size_t length = 0;
  while (length < bytes.size()) {
    const ssize_t got = ::read(descriptor, bytes.data() + length, bytes.size() - length);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return file::refused(errno, "reading {}", path);
    if (got == 0) break;
    length += static_cast<std::size_t>(got);
  }
  if (length > most_bytes) {
    return fail(ErrorCode::TooLarge, "{}: longer than {} octets", path, most_bytes);
  }
  bytes.resize(length);
  return bytes;
}

}  // namespace entrepot::server
