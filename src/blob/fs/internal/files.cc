#include "blob/fs/internal/files.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "file/error.h"
#include "file/open_beneath.h"

namespace entrepot::blob::fs {

using file::open_beneath;
using file::Wanted;

namespace {

// `result` is a negative errno.
template <class Number>
Failure failure(Number result, std::string_view doing, std::string_view path) {
  return file::failed(static_cast<int>(-result), "{} {}", doing, path);
}

template <class Call>
auto uninterrupted(const Call& call) {
  auto result = call();
  while (result == -EINTR) result = call();
  return result;
}

template <class Number>
Result<void> done(Number result, std::string_view doing, std::string_view path) {
  if (result < 0) return failure(result, doing, path);
  return {};
}

// A new file's folder is one of ours: that it is gone is no answer to who asked for a file.
Failure failed_to_make(int result, std::string_view path) {
  if (result != -ENOENT) return failure(result, "make", path);
  return fail(ErrorCode::Unavailable, "make {}: its folder is gone", path);
}

Result<FileHandle> opened(int descriptor, std::string_view path) {
  if (descriptor < 0) return failure(descriptor, "open", path);
  return OpenFile::own(descriptor);
}

FileStat to_file_stat(const struct stat& found) {
  const auto modified =
      std::chrono::seconds(found.st_mtim.tv_sec) + std::chrono::nanoseconds(found.st_mtim.tv_nsec);
  return FileStat{S_ISREG(found.st_mode), static_cast<std::uint64_t>(found.st_size),
                  WallTime(std::chrono::floor<std::chrono::microseconds>(modified)),
                  FileIdentity{found.st_dev, found.st_ino}};
}

}  // namespace

Result<FileHandle> Files::create(const std::string& path) {
  const int descriptor = uninterrupted([&] { return disk_.open(path, O_RDWR | O_CREAT | O_EXCL); });
  if (descriptor < 0) return failed_to_make(descriptor, path);
  return opened(descriptor, path);
}

Result<FileHandle> Files::open_to_write(const std::string& path) {
  return opened(uninterrupted([&] { return disk_.open(path, O_RDWR); }), path);
}

Result<FileHandle> Files::open_to_read(const std::string& path) const {
  return opened(open_read_only(path), path);
}

Result<FileHandle> Files::open_to_serve(const std::string& path) const {
  const int descriptor = open_read_only(path);
  auto file = opened(descriptor, path);
  if (!file && is_media_error(-descriptor)) file.error().code = ErrorCode::Corrupt;
  return file;
}

int Files::open_read_only(const std::string& path) const {
  return open_beneath(root_->descriptor(), path, Wanted::File);
}

Result<void> Files::write(const OpenFile& file, ByteView bytes, std::uint64_t offset_bytes) {
  while (!bytes.empty()) {
    const ssize_t written = disk_.write(file.descriptor(), bytes, offset_bytes);
    if (written == -EINTR) continue;
    // A disk that takes nothing and names no reason will not take the rest.
    if (written <= 0) return failure(written < 0 ? written : -EIO, "write", "the file");
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset_bytes += static_cast<std::uint64_t>(written);
  }
  return {};
}

Result<void> Files::truncate(const OpenFile& file, std::uint64_t size_bytes) {
  return done(uninterrupted([&] { return disk_.truncate(file.descriptor(), size_bytes); }),
              "truncate", "the file");
}

Result<void> Files::allocate(const OpenFile& file, std::uint64_t size_bytes) {
  return done(uninterrupted([&] { return disk_.allocate(file.descriptor(), size_bytes); }),
              "allocate", "the file");
}

Result<void> Files::start_writeback(const OpenFile& file, ByteRange range) {
  return done(disk_.start_writeback(file.descriptor(), range), "write out", "the file");
}

Result<void> Files::sync_data(const OpenFile& file) {
  return done(disk_.sync_data(file.descriptor()), "sync", "the file");
}

Result<void> Files::sync_directory(const std::string& path) {
  return done(disk_.sync_directory(path), "sync", path);
}

Result<void> Files::rename(const std::string& from, const std::string& to) {
  const int result = uninterrupted([&] { return disk_.rename(from, to); });
  if (result < 0) return failure(result, "rename " + from + " to", to);
  return {};
}

Result<void> Files::remove(const std::string& path) {
  return done(uninterrupted([&] { return disk_.remove_file(path); }), "remove", path);
}

Result<bool> Files::make_directory(const std::string& path) {
  const int result = uninterrupted([&] { return disk_.make_directory(path); });
  if (result == -EEXIST) return false;
  if (result < 0) return failure(result, "make the directory", path);
  return true;
}

Result<void> Files::remove_empty_directory(const std::string& path) {
  const int result = uninterrupted([&] { return disk_.remove_directory(path); });
  // POSIX lets a file system say either.
  return done(result == -EEXIST ? -ENOTEMPTY : result, "remove the directory", path);
}

Result<void> Files::replace(const std::string& path, ByteView bytes) {
  const std::string temporary = path + ".new";
  const int descriptor =
      uninterrupted([&] { return disk_.open(temporary, O_WRONLY | O_CREAT | O_TRUNC); });
  if (descriptor < 0) return failed_to_make(descriptor, temporary);
  TRY_ASSIGN(const FileHandle file, opened(descriptor, temporary));
  TRY(write(*file, bytes, 0));
  return rename(temporary, path);
}

Result<void> Files::set_modified(const OpenFile& file, WallTime at) {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at);
  const std::chrono::nanoseconds rest = at - seconds;
  const timespec time{.tv_sec = seconds.time_since_epoch().count(), .tv_nsec = rest.count()};
  const timespec times[] = {time, time};
  return done(::futimens(file.descriptor(), times) == 0 ? 0 : -errno, "stamp", "an upload");
}

Result<FileStat> Files::stat(const std::string& path) const {
  const int descriptor = open_beneath(root_->descriptor(), path, Wanted::Look);
  if (descriptor == -EISDIR || descriptor == -ENXIO || descriptor == -ELOOP) return FileStat{};
  TRY_ASSIGN(const FileHandle file, opened(descriptor, path));
  return stat(*file);
}

Result<FileIdentity> Files::identity_of_folder(const std::string& path) const {
  TRY_ASSIGN(const FileHandle folder,
             opened(open_beneath(root_->descriptor(), path, Wanted::Folder), path));
  TRY_ASSIGN(const FileStat found, stat(*folder));
  return found.identity;
}

Result<FileStat> Files::stat(const OpenFile& file) const {
  struct stat found = {};
  if (::fstat(file.descriptor(), &found) != 0) return failure(-errno, "stat", "the file");
  return to_file_stat(found);
}

Result<std::size_t> Files::read(const OpenFile& file, std::span<char> buffer,
                                std::uint64_t offset_bytes) const {
  const ssize_t got = uninterrupted([&] {
    const ssize_t result =
        ::pread(file.descriptor(), buffer.data(), buffer.size(), static_cast<off_t>(offset_bytes));
    return result < 0 ? static_cast<ssize_t>(-errno) : result;
  });
  if (got < 0) return failure(got, "read", "the file");
  return static_cast<std::size_t>(got);
}

Result<Bytes> Files::read_small(const std::string& path, std::size_t limit_bytes) const {
  auto opened_file = open_to_read(path);
  if (!opened_file && opened_file.error().code == ErrorCode::Conflict) {
    return fail(ErrorCode::Unavailable, "{}", opened_file.error().message);  // not ours to judge
  }
  TRY_ASSIGN(const FileHandle file, std::move(opened_file));
  Bytes bytes(limit_bytes + 1, '\0');
  std::size_t size = 0;
  while (size < bytes.size()) {
    TRY_ASSIGN(const std::size_t got, read(*file, std::span(bytes).subspan(size), size));
    if (got == 0) {
      bytes.resize(size);
      return bytes;
    }
    size += got;
  }
  return fail(ErrorCode::TooLarge, "{} has more than {} bytes", path, limit_bytes);
}

Result<std::vector<std::string>> Files::list(const std::string& path) const {
  TRY_ASSIGN(const FileHandle directory,
             opened(open_beneath(root_->descriptor(), path, Wanted::Folder), path));
  // fdopendir takes the descriptor over, so it gets one of its own.
  const int own = ::fcntl(directory->descriptor(), F_DUPFD_CLOEXEC, 0);
  if (own < 0) return failure(-errno, "list", path);
  DIR* const stream = ::fdopendir(own);
  if (stream == nullptr) {
    const int error = errno;
    ::close(own);
    return failure(-error, "list", path);
  }
  const std::unique_ptr<DIR, int (*)(DIR*)> closing(stream, ::closedir);
  std::vector<std::string> names;
  for (;;) {
    errno = 0;
    const dirent* const entry = ::readdir(stream);
    if (entry == nullptr) break;
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  if (errno != 0) return failure(-errno, "list", path);
  std::sort(names.begin(), names.end());
  return names;
}

}  // namespace entrepot::blob::fs
