#pragma once
// meta/store.h — the truth about names: repositories, manifests, tags, which repository has which
// blob, history, the collector's queue.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "events/event.h"
#include "meta/rows.h"

namespace entrepot::meta {

// Below, each noun's const methods read and the others write; a Snapshot hands out const nouns, a
// Transaction writable ones. They live no longer than the call of `work` they were given to, and
// belong to its thread. Lists are in ascending ASCII order of their key, start after `after` ("" =
// from the start) and have at most `limit` entries. Every method may fail with Unavailable (the
// store is gone) or StorageFull (writes). A "not there" is NotFound.

// Repositories are made by the first push and stay when they are empty.
class Repositories {
 public:
  virtual ~Repositories() = default;
  virtual Result<Repository> find(const RepositoryName& name) const = 0;
  virtual Result<std::vector<RepositoryName>> list(std::string_view after,
                                                   std::size_t limit) const = 0;
  virtual Result<Repository> find_or_create(const RepositoryName& name, WallTime now) = 0;
};

class Manifests {
 public:
  virtual ~Manifests() = default;

  // One indexed look-up each, payload included.
  virtual Result<StoredManifest> find(const RepositoryName& name,
                                      const oci::Reference& reference) const = 0;
  virtual Result<Manifest> find(RepositoryId repository, const Digest& digest) const = 0;

  // All of a repository, ascending by digest.
  virtual Result<std::vector<Manifest>> list(RepositoryId repository,
                                             const std::optional<Digest>& after,
                                             std::size_t limit) const = 0;

  // Those whose subject is `subject`, ascending by digest; `artifact_type` "" = any.
  virtual Result<std::vector<Referrer>> referrers(const RepositoryName& name, const Digest& subject,
                                                  std::string_view artifact_type,
                                                  const std::optional<Digest>& after,
                                                  std::size_t limit) const = 0;

  // A live manifest of the repository that names `digest` (as config, layer or child); NotFound
  // when none does.
  virtual Result<Digest> user_of(RepositoryId repository, const Digest& digest) const = 0;

  // What a live manifest of the repository names. NotFound.
  virtual Result<std::vector<ManifestReference>> references(RepositoryId repository,
                                                            const Digest& digest) const = 0;

  // Did the repository ever have this manifest (deleted since, not purged yet)?
  virtual Result<bool> was_deleted(RepositoryId repository, const Digest& digest) const = 0;

  // Makes or revives it, with its references. Putting the same digest again changes pushed_at and
  // nothing else.
  virtual Result<Manifest> put(const NewManifest& manifest) = 0;

  // Hides it at once, with who and when; its tags are not touched (Tags::remove_all). NotFound.
  virtual Result<void> remove(RepositoryId repository, const Digest& digest, WallTime at,
                              std::string_view by) = 0;

  // Drops rows hidden before `before` for good, at most `limit`; returns their digests and those
  // their references named, for review. Tags that still point at them go with them.
  virtual Result<std::vector<Digest>> purge_removed(WallTime before, std::size_t limit) = 0;
};

class Tags {
 public:
  virtual ~Tags() = default;
  virtual Result<TagRow> find(RepositoryId repository, const Tag& tag) const = 0;
  virtual Result<std::vector<Tag>> list(RepositoryId repository, std::string_view after,
                                        std::size_t limit) const = 0;
  virtual Result<std::vector<TagMove>> history(RepositoryId repository, const Tag& tag,
                                               std::size_t limit) const = 0;
  // The tags that point at the manifest; empty when there is none.
  virtual Result<std::vector<Tag>> pointing_at(RepositoryId repository, const Digest& digest,
                                               std::size_t limit) const = 0;

  // Points the tag at a live manifest of the repository (else NotFound); returns where it pointed
  // before. History comes from the journal's events, added by the caller.
  virtual Result<std::optional<Digest>> move(RepositoryId repository, const Tag& tag,
                                             const Digest& digest, WallTime at) = 0;
  virtual Result<Digest> remove(RepositoryId repository, const Tag& tag) = 0;
  virtual Result<std::vector<Tag>> remove_all(RepositoryId repository, const Digest& digest) = 0;
};

// Which bytes exist, and which repository has them. `digest` may be an alias (sha512) wherever a
// blob is looked up; rows always hold the sha256.
class Blobs {
 public:
  virtual ~Blobs() = default;

  // The blob, if this repository has it: repository_blobs alone decides. One indexed look-up.
  virtual Result<Blob> find(const RepositoryName& name, const Digest& digest) const = 0;
  virtual Result<Blob> find(RepositoryId repository, const Digest& digest) const = 0;
  // The blob wherever it is (mount without `from`, dedupe); NotFound also while its bytes are
  // going.
  virtual Result<Blob> find_anywhere(const Digest& digest) const = 0;
  // Repositories that link it, ascending by id; those of a going blob, too.
  virtual Result<std::vector<RepositoryId>> holders(const Digest& digest,
                                                    std::size_t limit) const = 0;
  // Did the repository have this blob, and has it no more (its link was deleted, or its bytes are
  // going or gone)? Then a manifest may not count on it, not even a sparse one.
  virtual Result<bool> was_linked(RepositoryId repository, const Digest& digest) const = 0;

  // The store holds these bytes. Clears `going`. `alias` is another algorithm's digest of the same
  // bytes.
  virtual Result<void> record(const Blob& blob, const std::optional<Digest>& alias,
                              WallTime now) = 0;
  // NotFound when the store does not hold the bytes. Linking again moves the link's time.
  virtual Result<void> link(RepositoryId repository, const Digest& digest, WallTime at) = 0;
  virtual Result<void> unlink(RepositoryId repository, const Digest& digest) = 0;  // NotFound
  // Marks the bytes as going: no find() sees the blob any more. NotFound.
  virtual Result<void> mark_going(const Digest& digest) = 0;
  // Forgets the blob and its aliases, and drops its links; only after its bytes are gone. Nothing
  // happens to one that is not known.
  virtual Result<void> forget(const Digest& digest) = 0;
};

// The collector's queue. A row is a promise to look, never a permission to delete.
class Reviews {
 public:
  virtual ~Reviews() = default;
  virtual Result<std::vector<Review>> due(WallTime now, std::size_t limit) const = 0;
  virtual Result<std::uint64_t> count() const = 0;
  // Is the blob waiting for review? Such a blob is not cached, and HEAD or mount of it pushes the
  // review back.
  virtual Result<bool> contains(const Digest& digest) const = 0;
  virtual Result<WallTime> due_at(const Digest& digest) const = 0;  // NotFound
  // Adds the digest (of a blob or not), or moves its review; an earlier time never replaces a later
  // one.
  virtual Result<void> push_back(const Digest& digest, WallTime due_at) = 0;
  virtual Result<void> drop(const Digest& digest) = 0;
  // When the clock jumped: moves all reviews by so much, and those that are later than `latest`
  // then to it. Reads the whole queue.
  virtual Result<void> shift(std::chrono::microseconds by, WallTime latest) = 0;

  // Is any live manifest of that repository, or of any, naming the digest? One indexed look-up.
  virtual Result<bool> used_anywhere(const Digest& digest) const = 0;
  // When the repository's link to the blob was made. NotFound.
  virtual Result<WallTime> linked_at(RepositoryId repository, const Digest& digest) const = 0;
};

// Upload sessions that ended, so that nobody goes on with one, not even after a restart. When a
// session began is half of its name: its location tells, and the rows stand in that order.
class EndedUploads {
 public:
  virtual ~EndedUploads() = default;
  virtual Result<EndedUpload> find(std::string_view id, WallTime started_at) const = 0;
  // When the youngest of them began. NotFound: there is none.
  virtual Result<WallTime> youngest() const = 0;
  virtual Result<std::uint64_t> count() const = 0;  // reads them all

  // Once added, a session stays as it was added first.
  virtual Result<void> add(const EndedUpload& upload) = 0;
  // Forgets those that began and ended before `before`, at most `limit`; returns how many.
  virtual Result<std::size_t> purge(WallTime before, std::size_t limit) = 0;
};

// History, audit and event outbox share this one append.
class Journal {
 public:
  virtual ~Journal() = default;
  virtual Result<void> add(const events::Event& event) = 0;
  // Entries after `sequence`, oldest first, with their numbers.
  struct Entry {
    std::int64_t sequence = 0;
    events::Event event;
  };
  virtual Result<std::vector<Entry>> read(std::int64_t after, std::size_t limit) const = 0;
};

// Durable work and the right to do it.
class Jobs {
 public:
  virtual ~Jobs() = default;
  virtual Result<Job> find(std::int64_t id) const = 0;
  virtual Result<std::vector<Job>> recent(std::string_view kind,
                                          std::size_t limit) const = 0;  // newest first
  virtual Result<Job> enqueue(std::string_view kind, ByteView arguments, WallTime now) = 0;
  // The oldest queued job of that kind, now running. NotFound when there is none.
  virtual Result<Job> claim(std::string_view kind, WallTime now) = 0;
  virtual Result<void> progress(std::int64_t id, ByteView progress) = 0;
  virtual Result<void> finish(std::int64_t id, bool ok, ByteView progress, WallTime now) = 0;

  // Takes or extends the named lease; Conflict while another holder's runs.
  virtual Result<void> lease(std::string_view name, std::string_view holder, WallTime now,
                             WallTime until) = 0;
  virtual Result<void> release(std::string_view name, std::string_view holder) = 0;
};

// Small facts about the store itself: its id, what was adopted.
class Settings {
 public:
  struct Entry {
    std::string key;
    std::string value;
  };

  virtual ~Settings() = default;
  virtual Result<std::string> get(std::string_view key) const = 0;  // NotFound
  // Those whose keys begin with `prefix`; `after` is a whole key.
  virtual Result<std::vector<Entry>> list(std::string_view prefix, std::string_view after,
                                          std::size_t limit) const = 0;
  virtual Result<void> set(std::string_view key, std::string_view value) = 0;
  // Nothing happens to one that is not there.
  virtual Result<void> remove(std::string_view key) = 0;
};

// A consistent view for reading.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  virtual const Repositories& repositories() const = 0;
  virtual const Manifests& manifests() const = 0;
  virtual const Tags& tags() const = 0;
  virtual const Blobs& blobs() const = 0;
  virtual const Reviews& reviews() const = 0;
  virtual const EndedUploads& ended_uploads() const = 0;
  virtual const Journal& journal() const = 0;
  virtual const Jobs& jobs() const = 0;
  virtual const Settings& settings() const = 0;
};

class Transaction {
 public:
  virtual ~Transaction() = default;
  virtual Repositories& repositories() = 0;
  virtual Manifests& manifests() = 0;
  virtual Tags& tags() = 0;
  virtual Blobs& blobs() = 0;
  virtual Reviews& reviews() = 0;
  virtual EndedUploads& ended_uploads() = 0;
  virtual Journal& journal() = 0;
  virtual Jobs& jobs() = 0;
  virtual Settings& settings() = 0;
};

// The store. Thread-safe; every call blocks: call from a worker, never from an event loop.
class Store {
 public:
  virtual ~Store() = default;

  // Runs `work` and makes what it wrote durable: when this returns success, it survives a power
  // cut. Works of many callers are committed together, each on its own: an error of one undoes that
  // one alone. `work` must touch nothing but the transaction, may run more than once, and never
  // waits for a network or a lock. Its error is the result.
  using Work = std::function<Result<void>(Transaction&)>;
  virtual Result<void> write(Context& context, const Work& work) = 0;

  // Runs `work` on a consistent view that includes every write that returned before.
  using Look = std::function<Result<void>(const Snapshot&)>;
  virtual Result<void> read(Context& context, const Look& look) = 0;

  // Copies the whole store to a file, online.
  virtual Result<void> backup(Context& context, const std::string& path) = 0;

  // Tells whether a write could work now (readiness).
  virtual Result<void> check_writable(Context& context) = 0;

  // write() and read() for work that returns a value: `store.transact<Digest>(context,
  // [&](Transaction& tx) -> Result<Digest> {…})`.
  template <class T, class F>
  Result<T> transact(Context& context, F&& work) {
    std::optional<T> value;
    TRY(write(context, [&](Transaction& tx) -> Result<void> {
      TRY_ASSIGN(value, work(tx));
      return {};
    }));
    return std::move(*value);
  }
  template <class T, class F>
  Result<T> view(Context& context, F&& look) {
    std::optional<T> value;
    TRY(read(context, [&](const Snapshot& snapshot) -> Result<void> {
      TRY_ASSIGN(value, look(snapshot));
      return {};
    }));
    return std::move(*value);
  }
};

}  // namespace entrepot::meta
