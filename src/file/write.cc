#include "file/write.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/source.h"
#include "file/error.h"

namespace entrepot::file {
namespace {

constexpr mode_t kOwnersFile = 0600;
constexpr mode_t kOwnersDirectory = 0700;

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<void> write_all(int descriptor, ByteView bytes, const std::string& path) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(descriptor, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return failed(errno, "writing {}", path);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

int sync_directory_at(int root, const std::string& path) {
  int opened = -1;
  do {  // of the open alone: an interrupted sync must not be repeated
    // Through a link, too: what was written came there the same way.
    opened = ::openat(root, path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  } while (opened < 0 && errno == EINTR);
  if (opened < 0) return -errno;
  const OpenFile directory(opened);
  return ::fsync(opened) == 0 ? 0 : -errno;
}

Result<void> sync_directory(const std::string& path) {
  const int synced = sync_directory_at(AT_FDCWD, path);
  if (synced < 0) return failed(-synced, "syncing {}", path);
  return {};
}

Result<void> publish(const std::string& beside, const std::string& path) {
  const OpenFile file(::open(beside.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (file.descriptor() < 0) return failed(errno, "opening {}", beside);
  if (::fsync(file.descriptor()) != 0) return failed(errno, "syncing {}", beside);
  if (::rename(beside.c_str(), path.c_str()) != 0) return failed(errno, "renaming {}", beside);
  return sync_directory(folder_of(path));
}

Result<void> replace(const std::string& path, ByteView bytes) {
  const std::string beside = path + ".new";
  ::unlink(beside.c_str());  // of a process that was killed
  const OpenFile file(::open(beside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, kOwnersFile));
  if (file.descriptor() < 0) return failed(errno, "making {}", beside);
  TRY(write_all(file.descriptor(), bytes, beside));
  return publish(beside, path);
}

Result<void> make_directory(const std::string& path) {
  if (::mkdir(path.c_str(), kOwnersDirectory) == 0) return sync_directory(folder_of(path));
  if (errno == EEXIST) return {};
  return failed(errno, "making {}", path);
}

}  // namespace entrepot::file
