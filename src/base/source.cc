#include "base/source.h"

#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace entrepot {

OpenFile::~OpenFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

std::uint64_t Source::size_bytes() const {
  if (const auto* bytes = std::get_if<SharedBytes>(&content_)) return *bytes ? (*bytes)->size() : 0;
  if (const auto* file = std::get_if<FileRange>(&content_)) return file->range.length_bytes;
  return std::get<StreamRange>(content_).size_bytes;
}

namespace {

// The next bytes of a file or stream into `buffer`; `done` bytes came before.
Result<std::size_t> read_some(Context& context, Source& source, std::uint64_t done,
                              std::span<char> buffer) {
  if (auto* stream = source.stream()) return stream->stream->read(context, buffer);
  const FileRange& file = *source.file();
  for (;;) {
    const ssize_t got = ::pread(file.file->descriptor(), buffer.data(), buffer.size(),
                                static_cast<off_t>(file.range.offset_bytes + done));
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno != EINTR) return fail(ErrorCode::Unavailable, "read: {}", std::strerror(errno));
  }
}

}  // namespace

Result<Bytes> read_all(Context& context, Source& source, std::uint64_t limit_bytes) {
  const std::uint64_t size = source.size_bytes();
  if (size > limit_bytes) {
    return fail(ErrorCode::TooLarge, "{} bytes, where at most {} are read", size, limit_bytes);
  }
  if (const SharedBytes* bytes = source.bytes()) return *bytes ? **bytes : Bytes();
  Bytes all(size, '\0');
  std::uint64_t done = 0;
  while (done < size) {
    TRY_ASSIGN(const std::size_t got,
               read_some(context, source, done, std::span(all).subspan(done)));
    if (got == 0) return fail(ErrorCode::Corrupt, "ends after {} of {} bytes", done, size);
    done += got;
  }
  return all;
}

}  // namespace entrepot
