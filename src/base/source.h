#pragma once
// base/source.h — where the bytes of an answer come from.

#include <cstdint>
#include <memory>
#include <span>
#include <variant>

#include "base/bytes.h"
#include "base/context.h"
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

  int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

// Are both open on the same file on the disk, under whatever name?
bool is_same_file(const OpenFile& a, const OpenFile& b);

// Part of a file, to be sent without copying (sendfile).
struct FileRange {
  std::shared_ptr<const OpenFile> file;
  ByteRange range;
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

// The bytes of one answer: from memory, from a file, or pulled. Move-only.
class Source {
 public:
  Source() : content_(SharedBytes()) {}
  explicit Source(SharedBytes bytes) : content_(std::move(bytes)) {}
  explicit Source(FileRange file) : content_(std::move(file)) {}
  explicit Source(StreamRange stream) : content_(std::move(stream)) {}

  std::uint64_t size_bytes() const;

  const SharedBytes* bytes() const { return std::get_if<SharedBytes>(&content_); }
  FileRange* file() { return std::get_if<FileRange>(&content_); }
  StreamRange* stream() { return std::get_if<StreamRange>(&content_); }

 private:
  std::variant<SharedBytes, FileRange, StreamRange> content_;
};

// The next bytes, `done_bytes` being read already, into the front of `buffer`; 0 at the end. Of a
// stream the two must follow each other. Corrupt: the disk does not give these bytes; Unavailable:
// it cannot be reached. What the stream says, where it is one.
Result<std::size_t> read_some(Context& context, Source& source, std::uint64_t done_bytes,
                              std::span<char> buffer);

// Everything, in memory: for small things (a manifest, a configuration) and tests. TooLarge past
// `limit_bytes`; Corrupt when the source ends early or
// cannot be read.
Result<Bytes> read_all(Context& context, Source& source, std::uint64_t limit_bytes);

}  // namespace entrepot
