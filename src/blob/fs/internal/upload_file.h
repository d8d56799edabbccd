#pragma once
// blob/fs/internal/upload_file.h — the bytes of one upload session, and how they become a blob.

#include <memory>
#include <optional>
#include <string>

#include "blob/fs/internal/blob_files.h"
#include "blob/fs/internal/files.h"
#include "blob/fs/internal/upload_state.h"
#include "blob/store.h"

namespace entrepot::blob::fs {

// What the uploads of one store have in common. The references outlive them.
struct UploadSettings {
  Files& files;
  BlobFiles& blobs;
  std::string boot_id;  // of this start of the machine
  std::uint64_t writeback_step_bytes = 0;
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
  // none of the bytes counts. NotFound; Cancelled and Timeout of the context.
  static Result<std::unique_ptr<UploadFile>> open(Context& context, const UploadSettings& settings,
                                                  const UploadId& id);

  // The offset at which open() would go on; nullopt when the bytes have to be read to know it.
  // NotFound.
  static Result<std::optional<std::uint64_t>> offset_on_disk(const UploadSettings& settings,
                                                             const UploadId& id);

  // Removes all files of the session. NotFound when it had no bytes.
  static Result<void> remove(const UploadSettings& settings, const UploadId& id);

  std::uint64_t offset_bytes() const { return offset_bytes_; }
  Digest digest() const { return hashes_.sha256(); }

  // After an error the file cannot go on.
  Result<void> append(ByteView piece);

  // offset_bytes(), remembered for go_back().
  std::uint64_t tell_offset();

  // Drops what was appended since tell_offset(), if that was called. After an error the file cannot
  // go on.
  Result<void> go_back();

  // Writes the state, from which open() goes on.
  Result<void> save();

  // DigestMismatch unless the bytes hash to `expected`; reads them again if that algorithm did not
  // run along.
  Result<void> verify(Context& context, const Digest& expected) const;

  // Makes the bytes a blob, durably. Whether it fails or not, the session has ended and its files
  // are gone, except that a disk which fails may keep them until they are purged.
  Result<Stored> publish();

  // Removes the session's files, as far as the disk allows.
  void discard();

  // Gives the descriptor back; offset and digest can still be asked for.
  void close() { file_.reset(); }

 private:
  UploadFile(const UploadSettings& settings, const UploadId& id, FileHandle file,
             HashAlgorithm also)
      : settings_(settings), id_(id), file_(std::move(file)), hashes_(also) {}

  Result<bool> holds(Context& context, const UploadState& state) const;
  Result<void> go_on(UploadState state, std::uint64_t size_bytes);
  UploadState state() const;
  Result<void> start_writeback();
  Result<Stored> try_publish();

  const UploadSettings& settings_;
  const UploadId id_;
  FileHandle file_;
  RunningHashes hashes_;
  std::uint64_t offset_bytes_ = 0;
  std::optional<UploadState> told_;
  std::uint64_t writeback_started_bytes_ = 0;
  bool has_state_file_ = false;
};

}  // namespace entrepot::blob::fs
