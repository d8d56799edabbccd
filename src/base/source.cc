#include "base/source.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>

#include "base/check.h"

namespace entrepot {

std::shared_ptr<const OpenFile> OpenFile::own(int descriptor) {
  try {
    return std::make_shared<const OpenFile>(descriptor);
  } catch (const std::bad_alloc&) {
    ::close(descriptor);
    throw;
  }
}

OpenFile::~OpenFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

void GrowingFile::grow(std::uint64_t to_bytes) {
  std::vector<std::function<void()>> waiting;
  {
    const MutexLock lock(mutex_);
    CHECK(to_bytes >= available_bytes_ && to_bytes <= size_bytes_);
    if (to_bytes == available_bytes_) return;
    available_bytes_ = to_bytes;
    waiting.swap(waiting_);
  }
  for (const auto& wake : waiting) wake();
}

void GrowingFile::fail(Error error) {
  std::vector<std::function<void()>> waiting;
  {
    const MutexLock lock(mutex_);
    if (!error_) error_ = std::move(error);
    waiting.swap(waiting_);
  }
  for (const auto& wake : waiting) wake();
}

Result<std::uint64_t> GrowingFile::available(std::uint64_t known_bytes,
                                             std::function<void()> wake) {
  const MutexLock lock(mutex_);
  if (available_bytes_ > known_bytes || available_bytes_ == size_bytes_) return available_bytes_;
  if (error_) return Failure(*error_);
  waiting_.push_back(std::move(wake));
  return available_bytes_;
}

std::uint64_t Source::size_bytes() const {
  if (const auto* bytes = std::get_if<SharedBytes>(&content_)) return *bytes ? (*bytes)->size() : 0;
  if (const auto* file = std::get_if<FileRange>(&content_)) return file->range.length_bytes;
  if (const auto* pieces = std::get_if<std::unique_ptr<FilePieces>>(&content_)) {
    return (*pieces)->size_bytes();
  }
  if (const auto* growing = std::get_if<GrowingRange>(&content_)) {
    return growing->range.length_bytes;
  }
  return std::get<StreamRange>(content_).size_bytes;
}

bool is_same_file(const OpenFile& a, const OpenFile& b) {
  struct stat first {};
  struct stat second {};
  return ::fstat(a.descriptor(), &first) == 0 && ::fstat(b.descriptor(), &second) == 0 &&
         first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

bool is_media_error(int error) { return error == EIO || error == EUCLEAN || error == EBADMSG; }

Result<std::size_t> read_file(const OpenFile& file, std::uint64_t offset, std::span<char> buffer) {
  for (;;) {
    const ssize_t got =
        ::pread(file.descriptor(), buffer.data(), buffer.size(), static_cast<off_t>(offset));
    if (got >= 0) return static_cast<std::size_t>(got);
    if (errno == EINTR) continue;
    return fail(is_media_error(errno) ? ErrorCode::Corrupt : ErrorCode::Unavailable, "read: {}",
                std::strerror(errno));
  }
}

namespace {

std::size_t copy_some(ByteView bytes, std::uint64_t done_bytes, std::span<char> buffer) {
  if (done_bytes >= bytes.size()) return 0;
  const ByteView rest = bytes.substr(done_bytes, buffer.size());
  std::copy(rest.begin(), rest.end(), buffer.begin());
  return rest.size();
}

Result<Bytes> read_pieces(const FilePieces& pieces) {
  Bytes all;
  for (std::size_t index = 0; index < pieces.count(); ++index) {
    const FilePieces::Piece piece = pieces.piece(index);
    all += piece.text;
    std::size_t at = all.size();
    all.resize(at + piece.range.length_bytes);
    for (std::uint64_t offset = piece.range.offset_bytes; at < all.size();) {
      TRY_ASSIGN(const std::size_t got,
                 read_file(pieces.file(), offset, std::span(all).subspan(at)));
      if (got == 0) return fail(ErrorCode::Corrupt, "ends at {}, within a piece of it", offset);
      at += got;
      offset += got;
    }
  }
  return all;
}

}  // namespace

Result<std::size_t> read_some(Context& context, Source& source, std::uint64_t done_bytes,
                              std::span<char> buffer) {
  if (const SharedBytes* bytes = source.bytes()) {
    return *bytes ? copy_some(**bytes, done_bytes, buffer) : std::size_t{0};
  }
  if (auto* stream = source.stream()) return stream->stream->read(context, buffer);
  const FileRange* file = source.file();
  if (file == nullptr) return fail(ErrorCode::Unsupported, "only the server sends such an answer");
  return read_file(*file->file, file->range.offset_bytes + done_bytes, buffer);
}

Result<Bytes> read_all(Context& context, Source& source, std::uint64_t limit_bytes) {
  const std::uint64_t size = source.size_bytes();
  if (size > limit_bytes) {
    return fail(ErrorCode::TooLarge, "{} bytes, where at most {} are read", size, limit_bytes);
  }
  if (const SharedBytes* bytes = source.bytes()) return *bytes ? **bytes : Bytes();
  if (const auto* pieces = source.pieces()) return read_pieces(**pieces);
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
