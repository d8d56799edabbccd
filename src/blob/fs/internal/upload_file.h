#pragma once
// blob/fs/internal/upload_file.h — the bytes of one upload session, and how they become a blob.

#include <atomic>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "blob/fs/internal/blob_files.h"
#include "blob/fs/internal/files.h"
#include "blob/fs/internal/long_reads.h"
#include "blob/fs/internal/upload_state.h"
#include "blob/store.h"

namespace entrepot::blob::fs {

// What the uploads of one store have in common. The references outlive them.
struct UploadSettings {
  Files& files;
  BlobFiles& blobs;
  LongReads& long_reads;
  const Clock& clock;
  std::string boot_id;  // of this start of the machine
  std::uint64_t writeback_step_bytes = 0;
};

// The point that an upload has reached: how many bytes, and their hashes.
struct Progress {
  std::uint64_t offset_bytes = 0;
  RunningHashes hashes;
};

// The file of one session while it is open, and the file of its saved state beside it. One thread
// at a time, and one object a session: Sessions sees to both. Blocks.
//
// A state file never outlives its bytes, so that a later session of the same id cannot meet it.
class UploadFile {
 public:
  // A new, empty one; what there was under this id is removed.
  static Result<std::unique_ptr<UploadFile>> create(const UploadSettings& settings,
                                                    const UploadId& id, HashAlgorithm also);

  // The one that was put away, or that a process left behind, cut off at its saved offset; the
  // saved hashes go on. A state of another start of the machine holds only if the bytes still have
  // its hash: after a power cut they may never have reached the disk. Without a state that holds,
  // none of the bytes counts. NotFound; Cancelled and Timeout of the context; Unavailable when they
  // would have to be read while too many others are.
  // `is_read` is set while they are.
  static Result<std::unique_ptr<UploadFile>> open(Context& context, const UploadSettings& settings,
                                                  const UploadId& id, std::atomic<bool>& is_read);

  // The offset at which open() would go on; nullopt when the bytes have to be read to know it.
  // NotFound.
  static Result<std::optional<std::uint64_t>> offset_on_disk(const UploadSettings& settings,
                                                             const UploadId& id);

  // Removes all files of the session. NotFound when it had no bytes.
  static Result<void> remove(const UploadSettings& settings, const UploadId& id);

  std::uint64_t offset_bytes() const { return offset_bytes_; }
  Digest digest() const { return hashes_.sha256(); }
  const FileHandle& file() const { return file_; }  // null once closed

  // After an error the file cannot go on.
  Result<void> append(ByteView piece);

  Progress progress() const { return {offset_bytes_, hashes_}; }

  // Drops what was appended since then. After an error the file cannot go on.
  Result<void> go_back(Progress to);

  // Writes the state, from which open() goes on.
  Result<void> save();

  // Can check() tell of a digest of this algorithm?
  bool knows(HashAlgorithm algorithm) const;

  // DigestMismatch unless the bytes hash to `expected`; nullopt when nobody knows, because that
  // algorithm neither ran along nor was noted.
  std::optional<Result<void>> check(const Digest& expected) const;

  // To find that out: a read of all bytes up to now that needs no part of this object, so that
  // others may use it meanwhile; then its result, for check() as long as nothing is appended.
  // `go_on` is asked between two pieces.
  using GoOn = std::function<Result<void>()>;
  struct Reading {
    const Files& files;
    LongReads& turns;
    FileHandle file;
    std::uint64_t size_bytes;
    Result<Digest> run(Context& context, HashAlgorithm algorithm, const GoOn& go_on) const;
  };
  Reading reading() const;
  void note(const Digest& digest, std::uint64_t size_bytes);

  // Makes the bytes a blob, durably. Whether it fails or not, the session has ended and its files
  // are gone, except that a disk which fails may keep them until they are purged.
  Result<Stored> publish();

  // Removes the session's files, as far as the disk allows.
  void discard();

  // Sets when the last byte came. While a session is open the kernel does, by its own clock, which
  // may jump.
  void stamp();

  // Gives the descriptor back; offset and digest can still be asked for.
  void close() { file_.reset(); }

 private:
  UploadFile(const UploadSettings& settings, const UploadId& id, FileHandle file,
             HashAlgorithm also)
      : settings_(settings), id_(id), file_(std::move(file)), hashes_(also) {}

  Result<bool> holds(Context& context, const UploadState& state) const;
  Result<void> go_on(UploadState state, std::uint64_t size_bytes);
  UploadState state() const;
  struct Noted {
    Digest digest;
    std::uint64_t size_bytes;
  };
  Result<void> start_writeback();
  Result<Stored> try_publish();

  const UploadSettings& settings_;
  const UploadId id_;
  FileHandle file_;
  RunningHashes hashes_;
  std::uint64_t offset_bytes_ = 0;
  std::optional<Noted> noted_;
  std::uint64_t writeback_started_bytes_ = 0;
  bool has_state_file_ = false;
};

}  // namespace entrepot::blob::fs
