#pragma once
// blob/fs/internal/sessions.h — the upload sessions, and who writes each of them.

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "blob/fs/internal/reserve.h"
#include "blob/fs/internal/upload_file.h"
#include "blob/store.h"

namespace entrepot::blob::fs {

// One session that this process knows: open for a writer, or just being looked at. Its mutex is
// held for as long as something works on the session's files, and disks can be slow.
struct Session {
  std::mutex mutex;
  std::unique_ptr<UploadFile> file;  // null: nobody has it open
  std::uint64_t writer = 0;          // the number of the one who may write, the newest
  bool over =
      false;  // put away or ended, and so no longer in the table: whoever waited looks again

  std::atomic<std::uint64_t> offset_bytes = 0;  // of the file, for its writers without the mutex
};

// The sessions that are open or being worked on, by id. Thread-safe; never blocks on a disk.
class SessionTable {
 public:
  std::shared_ptr<Session> find_or_add(const UploadId& id);

  bool is_open(const UploadId& id) const;

  // Takes out this very session, not one that came after it.
  void forget(const UploadId& id, const Session& session);

 private:
  mutable std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Session>> sessions_;
};

// The upload half of FsBlobStore: the methods are those of BlobStore and Upload, where their
// promises are written. Thread-safe; blocks. Must outlive the uploads that it hands out.
class Sessions {
 public:
  Sessions(UploadSettings settings, Reserve& reserve)
      : settings_(std::move(settings)), reserve_(reserve) {}

  Result<void> prepare();  // makes the directory, durably

  Result<std::unique_ptr<Upload>> start(const UploadId& id, HashAlgorithm also);
  Result<std::unique_ptr<Upload>> resume(Context& context, const UploadId& id);
  Result<std::uint64_t> offset(Context& context, const UploadId& id);
  Result<void> cancel(const UploadId& id);
  Result<void> purge(Context& context, const PurgeTerms& terms, Purged& purged);

 private:
  friend class FsUpload;

  // A session whose mutex is held.
  struct Held {
    std::shared_ptr<Session> session;
    std::unique_lock<std::mutex> lock;
  };
  Held hold(const UploadId& id);
  std::unique_ptr<Upload> hand_out(const UploadId& id, Held held, std::unique_ptr<UploadFile> file);
  void end(const UploadId& id, const Held& held);
  Result<std::optional<WallTime>> silent_since(const UploadId& id);
  Result<bool> purge_one(const UploadId& id, WallTime silent_since);

  // Passes the result on; a full disk gives the reserve up.
  template <class T>
  Result<T> note_full(Result<T> result) {
    if (!result && result.error().code == ErrorCode::StorageFull) reserve_.give_up();
    return result;
  }

  const UploadSettings settings_;
  Reserve& reserve_;
  SessionTable table_;
};

}  // namespace entrepot::blob::fs
