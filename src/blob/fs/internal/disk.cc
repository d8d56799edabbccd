#include "blob/fs/internal/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "file/error.h"
#include "file/write.h"

namespace entrepot::blob::fs {

namespace {

template <class Number>
Number or_errno(Number result) {
  return result >= 0 ? result : static_cast<Number>(-errno);
}

}  // namespace

int PosixDisk::open(const std::string& path, int flags) {
  constexpr int kAlways = O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK;  // the last means nothing on files
  return or_errno(::openat(root_->descriptor(), path.c_str(), flags | kAlways, 0600));
}

ssize_t PosixDisk::write(int descriptor, ByteView bytes, std::uint64_t offset_bytes) {
  return or_errno(
      ::pwrite(descriptor, bytes.data(), bytes.size(), static_cast<off_t>(offset_bytes)));
}

int PosixDisk::truncate(int descriptor, std::uint64_t size_bytes) {
  return or_errno(::ftruncate(descriptor, static_cast<off_t>(size_bytes)));
}

int PosixDisk::allocate(int descriptor, std::uint64_t size_bytes) {
  return -::posix_fallocate(descriptor, 0, static_cast<off_t>(size_bytes));
}

int PosixDisk::start_writeback(int descriptor, ByteRange range) {
  const int result =
      or_errno(::sync_file_range(descriptor, static_cast<off_t>(range.offset_bytes),
                                 static_cast<off_t>(range.length_bytes), SYNC_FILE_RANGE_WRITE));
  const bool unknown_here = result == -EINVAL || result == -ENOSYS || result == -ESPIPE;
  return unknown_here ? 0 : result;
}

int PosixDisk::sync_data(int descriptor) { return or_errno(::fdatasync(descriptor)); }

int PosixDisk::sync_directory(const std::string& path) {
  return file::sync_directory_at(root_->descriptor(), path);
}

int PosixDisk::rename(const std::string& from, const std::string& to) {
  return or_errno(::renameat(root_->descriptor(), from.c_str(), root_->descriptor(), to.c_str()));
}

int PosixDisk::remove_file(const std::string& path) {
  return or_errno(::unlinkat(root_->descriptor(), path.c_str(), 0));
}

int PosixDisk::make_directory(const std::string& path) {
  return or_errno(::mkdirat(root_->descriptor(), path.c_str(), 0700));
}

int PosixDisk::remove_directory(const std::string& path) {
  return or_errno(::unlinkat(root_->descriptor(), path.c_str(), AT_REMOVEDIR));
}

Result<std::shared_ptr<const OpenFile>> open_root(const std::string& directory) {
  // A link is the operator's choice: where the data directory is.
  const int descriptor = ::open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor >= 0) return OpenFile::own(descriptor);
  return file::failed(errno, "open the directory {}", directory);
}

}  // namespace entrepot::blob::fs
