#pragma once
// registry/uploads.h — pushing a blob: sessions, commit, mount.

#include <atomic>
#include <deque>
#include <memory>
#include <optional>
#include <unordered_set>
#include <vector>

#include "access/subject.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "oci/name.h"
#include "registry/ages.h"
#include "registry/quarantine.h"
#include "registry/stores.h"
#include "registry/whole_writers.h"

namespace entrepot::registry {

// One push of a blob: what the signed location of the session says.
struct UploadSession {
  oci::RepositoryName repository;
  blob::UploadId id;
  WallTime started_at;
  oci::HashAlgorithm also = oci::HashAlgorithm::Sha256;  // hashed along, as the client announced
  // Does somebody have the location? Else nobody can come back to the session, and its end need not
  // be remembered.
  bool is_told = true;
  // Who began it. Nobody else goes on with it: for others it is not there.
  access::Subject owner = access::Subject::anonymous();
};

// Sessions take bytes; the commit makes them a blob of the repository. Thread-safe; blocks.
//
// A session needs no record of its own: it is whatever its location says, and begins to exist on
// disk with its first byte. Its end has a record: a location is not used twice, not even after a
// restart. The record of a blob's upload is written with the blob, in one transaction, and kept for
// a week, or for session_age if that is longer, but for ninety days at most.
class Uploads {
 public:
  struct Options {
    std::chrono::microseconds review_delay = kDefaultReviewDelay;
    std::chrono::microseconds session_age = std::chrono::hours(168);  // without a byte, its end
    std::size_t most_sessions = 10'000;                               // that have bytes
  };
  Uploads(Stores stores, Quarantine& quarantine, Options options, metrics::Registry& metrics);

  UploadSession begin(const oci::RepositoryName& repository, oci::HashAlgorithm also) const;

  // How the session ended: NotFound when it has not, or when that was longer ago than is kept. For
  // a client that did not hear the answer to its closing request.
  Result<meta::EndedUpload> ending(Context& context, const UploadSession& session) const;

  // Where open() would go on, told without disturbing a writer: bytes which still come from one
  // whose connection broke do not move it, only a request that is taken in whole. NotFound when the
  // session ended, or has no byte and began more than session_age ago.
  Result<std::uint64_t> offset(Context& context, const UploadSession& session);

  // What becomes of the bytes of a writer that comes to nothing: its request broke off, or they do
  // not hash to what was said.
  enum class Unfinished {
    Keep,  // the client may go on behind them
    Drop,  // the session goes back to where the writer began, and offset() tells that all along
  };
  // The session's writer, at the offset that was told; ends an older writer. NotFound as above.
  // When most_sessions are open, the one that is silent for longest makes room (in this process it
  // is then NotFound), with a few that follow it; Unavailable when all are being written.
  Result<std::unique_ptr<blob::Upload>> open(Context& context, const UploadSession& session,
                                             Unfinished unfinished = Unfinished::Keep);

  // Makes the bytes a blob that the session's repository has: durable when this returns. Spec:
  // end-4b, end-6. DigestMismatch (the session stays), StorageFull, Unavailable.
  Result<blob::Stored> commit(Context& context, const access::Subject& who,
                              const UploadSession& session, blob::Upload& upload,
                              const oci::Digest& expected);

  // Drops the bytes, durably never to be gone on with. Spec: end-14. NotFound.
  Result<void> cancel(Context& context, const UploadSession& session);

  // The repositories that a blob can be mounted from, the newest first: at most kMostHolders.
  static constexpr std::size_t kMostHolders = 100;
  Result<std::vector<oci::RepositoryName>> holders(Context& context,
                                                   const oci::Digest& digest) const;

  // Gives `repository` a blob that `from` has, or that any repository has when `from` is absent,
  // without moving a byte. Spec: end-11. NotFound: the client has to upload, also because the file
  // was found missing or short (Quarantine). The caller has asked
  // `access` about `from`; without it, about every repository.
  Result<meta::Blob> mount(Context& context, const access::Subject& who,
                           const oci::RepositoryName& repository,
                           const std::optional<oci::RepositoryName>& from,
                           const oci::Digest& digest);

  // Drops sessions without a byte for session_age; returns how many. What the wall clock jumped
  // forwards, and the time in which no server ran, does not count (Ages). One thread at a time.
  Result<std::size_t> purge(Context& context);

  // Counts the sessions that are there, for the gauge and the limit.
  Result<void> count(Context& context);

  // Forgets ended sessions that are too old to be asked for, at most `limit`; true when more wait.
  Result<bool> purge_ended(Context& context, std::size_t limit);

  // How long an end is kept: session_age, but not shorter or longer than this.
  static constexpr std::chrono::hours kLeastEndKept{24 * 7};
  static constexpr std::chrono::hours kMostEndKept{24 * 90};

 private:
  Result<void> require_open(const UploadSession& session) const;
  Result<void> require_not_ended(Context& context, const UploadSession& session);
  Result<WallTime> remembered_from(Context& context);
  Result<void> require_young(const UploadSession& session) const;
  Result<void> make_room(Context& context);
  Result<blob::Purged> drop(Context& context, const blob::PurgeTerms& terms);
  void remember_end(const blob::UploadId& id, WallTime started_at);
  Result<void> record_end(meta::Transaction& tx, const UploadSession& session,
                          const std::optional<oci::Digest>& digest) const;

  const Stores stores_;
  Quarantine& quarantine_;
  const Options options_;
  metrics::Gauge& open_;
  metrics::Gauge& sessions_;  // as they were counted last, and begun and ended since
  metrics::Counter& evicted_;
  std::atomic<bool> counted_ = false;
  Mutex room_mutex_;  // one at a time makes room
  Ages ages_;

  // The last to end in this process, so that most requests need not ask the metadata: 9 MiB when
  // there are as many as that.
  static constexpr std::size_t kRemembered = 65'536;
  mutable Mutex mutex_;
  std::unordered_set<std::string> ended_ ENTREPOT_GUARDED_BY(mutex_);
  struct Remembered {
    const std::string* id;  // in ended_, where elements stay in their place
    WallTime started_at;
  };
  std::deque<Remembered> ended_order_ ENTREPOT_GUARDED_BY(mutex_);
  // Of sessions that began later, every end is remembered. None: not known yet.
  std::optional<WallTime> remembered_from_ ENTREPOT_GUARDED_BY(mutex_);

  WholeWriters whole_writers_;
};

}  // namespace entrepot::registry
