#include "import/internal/files.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace entrepot::import {
namespace {

ErrorCode code_of(int error) {
  switch (error) {
    case ENOENT:
    case ENOTDIR:
      return ErrorCode::NotFound;
    case EEXIST:
    case ENOTEMPTY:
      return ErrorCode::AlreadyExists;
    case ELOOP:
    case ENXIO:
    case EISDIR:
      return ErrorCode::Conflict;
    case ENOSPC:
    case EDQUOT:
      return ErrorCode::StorageFull;
    default:
      return ErrorCode::Unavailable;
  }
}

}  // namespace

Failure failed(std::string_view doing, const std::string& path, int error) {
  return fail(code_of(error), "{} {}: {}", doing, path, std::strerror(error));
}

Result<void> sync_folder(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return failed("opening", path, errno);
  const OpenFile folder(descriptor);
  if (::fsync(descriptor) != 0) return failed("syncing", path, errno);
  return {};
}

Result<std::size_t> read_piece(Context& context, Source& source, std::uint64_t offset,
                               std::span<char> buffer) {
  if (StreamRange* stream = source.stream()) return stream->stream->read(context, buffer);
  if (const FileRange* file = source.file()) {
    while (true) {
      const ssize_t size = ::pread(file->file->descriptor(), buffer.data(), buffer.size(),
                                   static_cast<off_t>(file->range.offset_bytes + offset));
      if (size >= 0) return static_cast<std::size_t>(size);
      if (errno != EINTR) return failed("reading", "a blob", errno);
    }
  }
  const std::string_view rest = std::string_view(**source.bytes()).substr(offset);
  return rest.copy(buffer.data(), buffer.size());
}

}  // namespace entrepot::import
