#include "server/configure/secret_file.h"

#include <sys/stat.h>

#include "base/log.h"
#include "file/read.h"

namespace entrepot::server {

// The operator's file: mounted secrets are links.
Result<Bytes> read_secret_file(const std::string& path, std::size_t most_bytes) {
  TRY_ASSIGN(auto bytes, file::read_small(path, most_bytes));
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && (status.st_mode & S_IROTH) != 0) {
    log::warning("{} is a secret that everybody on this machine may read: chmod 600 it", path);
  }
  return bytes;
}

}  // namespace entrepot::server
