#pragma once
// blob/fs/internal/disk.h — the system calls that change the disk, where tests can step in.

#include <sys/types.h>

#include <memory>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/source.h"

namespace entrepot::blob::fs {

// The calls that change what is on the disk, one to one. Paths are relative to one directory, the
// root. As in the kernel the answer is 0 or more, or a negative errno; EINTR and short writes are
// for the caller to handle, so that tests can make them happen. Thread-safe; every call may block.
//
// Reading is not here: a failed read changes nothing, so there is no order of things to test.
class Disk {
 public:
  virtual ~Disk() = default;

  // openat(2) of a file of ours; a link or a pipe in its place is refused, and a new file is for
  // the owner alone. A descriptor, which no child inherits, or -errno.
  virtual int open(const std::string& path, int flags) = 0;
  virtual ssize_t write(int descriptor, ByteView bytes, std::uint64_t offset_bytes) = 0;  // pwrite
  virtual int truncate(int descriptor, std::uint64_t size_bytes) = 0;
  virtual int allocate(int descriptor, std::uint64_t size_bytes) = 0;  // posix_fallocate
  // Asks the kernel to begin writing the range out: sync_file_range(SYNC_FILE_RANGE_WRITE). 0 where
  // the file system has no such thing.
  virtual int start_writeback(int descriptor, ByteRange range) = 0;
  virtual int sync_data(int descriptor) = 0;                // fdatasync
  virtual int sync_directory(const std::string& path) = 0;  // open, fsync, close
  virtual int rename(const std::string& from, const std::string& to) = 0;
  virtual int remove_file(const std::string& path) = 0;     // unlink
  virtual int make_directory(const std::string& path) = 0;  // for the owner alone
  virtual int remove_directory(const std::string& path) = 0;
};

// The real one.
class PosixDisk final : public Disk {
 public:
  // `root` is an open directory.
  explicit PosixDisk(std::shared_ptr<const OpenFile> root) : root_(std::move(root)) {}

  int open(const std::string& path, int flags) override;
  ssize_t write(int descriptor, ByteView bytes, std::uint64_t offset_bytes) override;
  int truncate(int descriptor, std::uint64_t size_bytes) override;
  int allocate(int descriptor, std::uint64_t size_bytes) override;
  int start_writeback(int descriptor, ByteRange range) override;
  int sync_data(int descriptor) override;
  int sync_directory(const std::string& path) override;
  int rename(const std::string& from, const std::string& to) override;
  int remove_file(const std::string& path) override;
  int make_directory(const std::string& path) override;
  int remove_directory(const std::string& path) override;

 private:
  const std::shared_ptr<const OpenFile> root_;
};

// The root of a store: NotFound when the directory is not there.
Result<std::shared_ptr<const OpenFile>> open_root(const std::string& directory);

}  // namespace entrepot::blob::fs
