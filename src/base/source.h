#pragma once
// base/source.h — where the bytes of an answer come from.

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/context.h"
#include "base/mutex.h"
#include "base/result.h"

namespace entrepot {

// An open file descriptor, closed with its last owner. Shared, because a response may outlive the
// cache entry it came from.
class OpenFile {
 public:
  explicit OpenFile(int descriptor) : descriptor_(descriptor) {}
  ~OpenFile();
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  // Takes over `descriptor`, which is closed as well when there is no memory to own it with.
  static std::shared_ptr<const OpenFile> own(int descriptor);

  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

// Are both open on the same file on the disk, under whatever name?
bool is_same_file(const OpenFile& a, const OpenFile& b);

// Does this errno say that the disk has lost what it held? Any other (a server that is away, a
// handle that went stale) says nothing about the bytes.
bool is_media_error(int error);

// Up to buffer.size() bytes from `offset_bytes` on; 0 at the end. Corrupt: the disk does not give
// them; Unavailable: it cannot be reached.
Result<std::size_t> read_file(const OpenFile& file, std::uint64_t offset_bytes,
                              std::span<char> buffer);

// Part of a file, to be sent without copying (sendfile).
struct FileRange {
  std::shared_ptr<const OpenFile> file;
  ByteRange range;
};

// A file that somebody still writes, from its front to its end, and others read meanwhile. The
// writer tells how far they may read, and how it ended, which it must in the end: who waits has no
// deadline of its own. Thread-safe.
class GrowingFile {
 public:
  // `size_bytes`: what it will have when it is whole. Nothing may be read yet.
  GrowingFile(std::shared_ptr<const OpenFile> file, std::uint64_t size_bytes)
      : file_(std::move(file)), size_bytes_(size_bytes) {}

  const std::shared_ptr<const OpenFile>& file() const { return file_; }
  std::uint64_t size_bytes() const { return size_bytes_; }

  // The first so many bytes may be read from now on; never fewer than before. Wakes who waits, on
  // this thread.
  void grow(std::uint64_t to_bytes);
  // No more will come: what waits, and asks later for what is not here, gets the error.
  void fail(Error error);

  // How many of the first bytes may be read. When that is no more than `known_bytes`, and the file
  // is not whole, `wake` is kept, and called once from the writer's thread when more came (which
  // may still be less than is wanted), or when no more will: it must be quick, must not throw, and
  // must not call this. Otherwise it is dropped. The error of fail(), when there are no more than
  // `known_bytes`.
  Result<std::uint64_t> available(std::uint64_t known_bytes, std::function<void()> wake);

 private:
  const std::shared_ptr<const OpenFile> file_;
  const std::uint64_t size_bytes_;
  Mutex mutex_;
  std::uint64_t available_bytes_ ENTREPOT_GUARDED_BY(mutex_) = 0;
  std::optional<Error> error_ ENTREPOT_GUARDED_BY(mutex_);
  std::vector<std::function<void()>> waiting_ ENTREPOT_GUARDED_BY(mutex_);
};

// Part of it, to be sent without copying as it comes.
struct GrowingRange {
  std::shared_ptr<GrowingFile> growing;
  ByteRange range;
};

// Ranges of one file with texts around them, one piece behind the other. A text is made when its
// turn comes, so that a thousand pieces cost no more memory than their positions. One reader at a
// time.
class FilePieces {
 public:
  struct Piece {
    Bytes text;
    ByteRange range;  // comes behind the text; either may be empty
  };

  virtual ~FilePieces() = default;
  virtual const OpenFile& file() const = 0;
  virtual std::size_t count() const = 0;
  virtual Piece piece(std::size_t index) const = 0;  // the same at every call
  virtual std::uint64_t size_bytes() const = 0;      // of all texts and ranges
};

// Bytes that must be asked for piece by piece (an object store, an upstream). One reader at a time;
// blocks, so never on an event loop.
class ByteStream {
 public:
  virtual ~ByteStream() = default;

  // Fills the front of `buffer`; 0 means the end. Unavailable, Timeout, Corrupt.
  virtual Result<std::size_t> read(Context& context, std::span<char> buffer) = 0;
};

struct StreamRange {
  std::unique_ptr<ByteStream> stream;
  std::uint64_t size_bytes = 0;  // exactly so many bytes will come
};

// The bytes of one answer: from memory, from a file or pieces of one, from a file that still grows,
// or pulled. Move-only.
class Source {
 public:
  Source() : content_(SharedBytes()) {}
  explicit Source(SharedBytes bytes) : content_(std::move(bytes)) {}
  explicit Source(FileRange file) : content_(std::move(file)) {}
  explicit Source(std::unique_ptr<FilePieces> pieces) : content_(std::move(pieces)) {}
  explicit Source(GrowingRange growing) : content_(std::move(growing)) {}
  explicit Source(StreamRange stream) : content_(std::move(stream)) {}

  std::uint64_t size_bytes() const;

  const SharedBytes* bytes() const { return std::get_if<SharedBytes>(&content_); }
  FileRange* file() { return std::get_if<FileRange>(&content_); }
  std::unique_ptr<FilePieces>* pieces() {
    return std::get_if<std::unique_ptr<FilePieces>>(&content_);
  }
  GrowingRange* growing() { return std::get_if<GrowingRange>(&content_); }
  StreamRange* stream() { return std::get_if<StreamRange>(&content_); }

 private:
  std::variant<SharedBytes, FileRange, std::unique_ptr<FilePieces>, GrowingRange, StreamRange>
      content_;
};

// The next bytes, `done_bytes` being read already, into the front of `buffer`; 0 at the end. Of a
// stream the two must follow each other. Corrupt: the disk does not give these bytes; Unavailable:
// it cannot be reached; Unsupported: pieces, and what still grows. What the stream says, where it
// is one.
Result<std::size_t> read_some(Context& context, Source& source, std::uint64_t done_bytes,
                              std::span<char> buffer);

// Everything, in memory: for small things (a manifest, a configuration) and tests. TooLarge past
// `limit_bytes`; Corrupt when the source ends early or cannot be read; Unsupported: it still grows.
Result<Bytes> read_all(Context& context, Source& source, std::uint64_t limit_bytes);

}  // namespace entrepot
