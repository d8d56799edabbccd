#pragma once
// blob/fs/internal/sessions.h — the upload sessions, and who writes each of them.

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "base/mutex.h"
#include "blob/fs/internal/reserve.h"
#include "blob/fs/internal/upload_file.h"
#include "blob/store.h"

namespace entrepot::blob::fs {

// One session that this process knows: open for a writer, or just being looked at. Its mutex is
// held for as long as something works on the session's files, and disks can be slow.
struct Session {
  Mutex mutex;
  std::unique_ptr<UploadFile> file ENTREPOT_GUARDED_BY(mutex);  // null: nobody has it open
  // The number of the one who may write, the newest. Written with the mutex.
  std::atomic<std::uint64_t> writer = 0;
  // Put away or ended, and so no longer in the table: whoever waited looks again. Written with the
  // mutex.
  std::atomic<bool> over = false;

  // For those who do not wait for the mutex.
  std::atomic<int> waiting = 0;                 // for it
  std::atomic<bool> is_read = false;            // from its beginning, to know where it stands
  std::atomic<bool> cancelled = false;          // whoever lets go of the mutex removes the files
  std::atomic<std::uint64_t> offset_bytes = 0;  // of the file, for its writers
  Mutex progress_mutex;                         // held for moments only
  // By the writer, between two pieces; and to somebody who asked, for go_back().
  std::optional<Progress> reached ENTREPOT_GUARDED_BY(progress_mutex);
  std::optional<Progress> told ENTREPOT_GUARDED_BY(progress_mutex);
};

// The sessions that are open or being worked on, by id. Thread-safe; never blocks on a disk.
class SessionTable {
 public:
  std::shared_ptr<Session> find(const UploadId& id) const;  // null: nobody works on it
  std::shared_ptr<Session> find_or_add(const UploadId& id);

  // Takes out this very session, not one that came after it.
  void forget(const UploadId& id, const Session& session);

 private:
  mutable Mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<Session>> sessions_ ENTREPOT_GUARDED_BY(mutex_);
};

// The upload half of FsBlobStore: the methods are those of BlobStore and Upload, where their
// promises are written. Thread-safe; blocks. Must outlive the uploads that it hands out.
// At most kMostWaiting calls wait for one session; the offset and cancel() do not wait.
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

  static constexpr int kMostWaiting = 4;

 private:
  friend class FsUpload;

  // A session whose mutex is held, until this ends; then it is removed if that was asked for
  // meanwhile. The id outlives it. Needs no memory. Clang does not follow it when it is moved:
  // hence the assert_held() behind each hold().
  class Held {
   public:
    Held(Sessions& sessions, const UploadId& id, std::shared_ptr<Session> held)
        : session(std::move(held)), sessions_(sessions), id_(id) {
      session->mutex.lock();
    }
    // With a mutex that try_lock() took, and which this gives back.
    Held(Sessions& sessions, const UploadId& id, const std::shared_ptr<Session>& held,
         std::adopt_lock_t /*locked*/) ENTREPOT_RELEASE(held->mutex)
        : session(held), sessions_(sessions), id_(id) {}
    Held(Held&&) = default;
    Held& operator=(Held&&) = delete;
    ~Held();

    std::shared_ptr<Session> session;  // null: moved from

   private:
    Sessions& sessions_;
    const UploadId& id_;
  };
  Result<Held> hold(const UploadId& id);
  Result<std::uint64_t> find_offset(Context& context, const UploadId& id, Session& session);
  Result<void> go_back(Session& session) ENTREPOT_REQUIRES(session.mutex);
  void remove_cancelled(const UploadId& id, Session& session) ENTREPOT_EXCLUDES(session.mutex);
  std::unique_ptr<Upload> hand_out(const UploadId& id, Held held, std::unique_ptr<UploadFile> file);
  void remove_held(const UploadId& id, Session& session) ENTREPOT_REQUIRES(session.mutex);
  void end(const UploadId& id, Session& session) ENTREPOT_REQUIRES(session.mutex);
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
