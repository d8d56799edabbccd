#pragma once
// blob/fs/internal/files.h — files below one directory: each operation whole, or an Error.

#include <sys/types.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/source.h"
#include "blob/fs/internal/disk.h"

namespace entrepot::blob::fs {

using FileHandle = std::shared_ptr<const OpenFile>;

// Which file it is, whatever it is called.
struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

// What is at a path; file/open_beneath.h says which symbolic links are followed. One that is not is
// no regular file.
struct FileStat {
  bool regular = false;  // a file with bytes, not a directory or device
  std::uint64_t size_bytes = 0;
  WallTime modified;  // by the kernel's clock, or as set_modified() told
  FileIdentity identity = {};
};

// Reads, and changes through a Disk, what is below the root. Paths are relative to the root.
// Thread-safe; every call may block.
//
// Interrupted calls and short writes are gone on with here; a sync is never repeated, because the
// kernel forgets the failure of the first and the second may lie. Errors of every call: NotFound,
// AlreadyExists and Conflict (something of another kind is in the way) as they apply, StorageFull
// (ENOSPC, EDQUOT, EFBIG), Corrupt (what the file system itself calls damaged), Unavailable
// (anything else).
class Files {
 public:
  // The disk must outlive this.
  Files(std::shared_ptr<const OpenFile> root, Disk& disk) : root_(std::move(root)), disk_(disk) {}

  // A new, empty file, open for reading and writing; AlreadyExists. Without its folder:
  // Unavailable, here and in replace().
  Result<FileHandle> create(const std::string& path);
  Result<FileHandle> open_to_write(const std::string& path);
  Result<FileHandle> open_to_read(const std::string& path) const;
  // The same, and Corrupt when it is this file that the disk does not give.
  Result<FileHandle> open_to_serve(const std::string& path) const;

  Result<void> write(const OpenFile& file, ByteView bytes, std::uint64_t offset_bytes);
  Result<void> truncate(const OpenFile& file, std::uint64_t size_bytes);
  Result<void> allocate(const OpenFile& file, std::uint64_t size_bytes);
  Result<void> start_writeback(const OpenFile& file, ByteRange range);

  // The file's bytes and size are durable; its name is not until its directory is synced.
  Result<void> sync_data(const OpenFile& file);
  Result<void> sync_directory(const std::string& path);

  // Replaces what has the name `to`, at once for all readers.
  Result<void> rename(const std::string& from, const std::string& to);
  Result<void> remove(const std::string& path);

  // True when it was not there. The new name is not durable before the parent is synced.
  Result<bool> make_directory(const std::string& path);
  Result<void> remove_empty_directory(const std::string& path);  // Conflict: not empty

  // Makes `path` the name of a file of these bytes, at once for all readers, through a file at
  // `path` + ".new". Not synced.
  Result<void> replace(const std::string& path, ByteView bytes);

  // Nothing rests on it being on the disk: it is no matter of the Disk.
  Result<void> set_modified(const OpenFile& file, WallTime at);

  Result<FileStat> stat(const std::string& path) const;
  Result<FileIdentity> identity_of_folder(const std::string& path) const;
  Result<FileStat> stat(const OpenFile& file) const;

  // Fills the front of `buffer`; 0 at the end.
  Result<std::size_t> read(const OpenFile& file, std::span<char> buffer,
                           std::uint64_t offset_bytes) const;

  // The whole file; TooLarge past `limit_bytes`.
  Result<Bytes> read_small(const std::string& path, std::size_t limit_bytes) const;

  // The names in a directory, sorted.
  Result<std::vector<std::string>> list(const std::string& path) const;

 private:
  int open_read_only(const std::string& path) const;  // a descriptor or -errno

  const std::shared_ptr<const OpenFile> root_;
  Disk& disk_;
};

}  // namespace entrepot::blob::fs
