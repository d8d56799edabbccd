#pragma once
// meta/store.h — the truth about names: repositories, manifests, tags, which repository has which
// blob, history, the collector's queue.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
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

// Repositories are made by the first push. One that holds no manifest is still found, for
// kEmptyStays after its last manifest was removed or its last blob came; see Retention.
class Repositories {
 public:
  virtual ~Repositories() = default;
  virtual Result<Repository> find(const RepositoryName& name) const = 0;
  // Those that hold a manifest. Empty ones cost nothing, however many there are.
  virtual Result<std::vector<RepositoryName>> list(std::string_view after,
                                                   std::size_t limit) const = 0;
  // The empty ones as well.
  virtual Result<std::vector<RepositoryName>> list_all(std::string_view after,
                                                       std::size_t limit) const = 0;
  virtual Result<Repository> find_or_create(const RepositoryName& name, WallTime now) = 0;

  static constexpr std::chrono::hours kEmptyStays{24};
};

// A damaged manifest (see Damage) is seen by no find(), list() or referrers().
class Manifests {
 public:
  virtual ~Manifests() = default;

  // One indexed look-up each, the first with the payload, unless the manifest is longer than
  // `most_bytes`: then `bytes` is empty and costs nothing.
  virtual Result<StoredManifest> find(const RepositoryName& name, const oci::Reference& reference,
                                      std::uint64_t most_bytes = INT64_MAX) const = 0;
  virtual Result<Manifest> find(RepositoryId repository, const Digest& digest) const = 0;

  // All of a repository, ascending by digest.
  virtual Result<std::vector<Manifest>> list(RepositoryId repository,
                                             const std::optional<Digest>& after,
                                             std::size_t limit) const = 0;

  // A page of those whose subject is the query's, ascending by digest. No annotations are read but
  // those of the page; a row that is larger than a page makes one alone.
  virtual Result<ReferrerRows> referrers(const ReferrerQuery& query) const = 0;

  // A live manifest of the repository that names `digest` (as config, layer or child); NotFound
  // when none does.
  virtual Result<Digest> user_of(RepositoryId repository, const Digest& digest) const = 0;

  // What a live manifest of the repository names, a damaged one too. NotFound.
  virtual Result<std::vector<ManifestReference>> references(RepositoryId repository,
                                                            const Digest& digest) const = 0;

  // Did the repository have this manifest, and has it no more (deleted and not purged yet, or
  // damaged)?
  virtual Result<bool> was_deleted(RepositoryId repository, const Digest& digest) const = 0;

  // Makes or revives it, with its references. Putting the same digest again changes pushed_at and
  // nothing else, unless bytes or references at rest are not these, or it is marked as damaged:
  // then all of it is written anew, and the mark goes.
  virtual Result<Manifest> put(const NewManifest& manifest) = 0;

  // Hides it at once, with who and when; its tags are not touched (Tags::remove_all). NotFound.
  virtual Result<void> remove(RepositoryId repository, const Digest& digest, WallTime at,
                              std::string_view by) = 0;

  // Drops rows hidden before `before` for good, at most `limit`, and no further one once they have
  // named kLargestPurge digests; returns their digests and those, for review. Tags that still point
  // at them go with them.
  virtual Result<std::vector<Digest>> purge_removed(WallTime before, std::size_t limit) = 0;
  static constexpr std::size_t kLargestPurge = 2000;
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
  // going or damaged, as for every find().
  virtual Result<Blob> find_anywhere(const Digest& digest) const = 0;
  // All blobs but those that are going or damaged, ascending by digest.
  virtual Result<std::vector<Blob>> list(const std::optional<Digest>& after,
                                         std::size_t limit) const = 0;
  // Repositories that link it, ascending by id; those of a going or damaged blob, too.
  virtual Result<std::vector<RepositoryId>> holders(const Digest& digest,
                                                    std::size_t limit) const = 0;
  // Did the repository have this blob, and has it no more (its link was deleted, or its bytes are
  // going, gone or damaged)? Then a manifest may not count on it, not even a sparse one.
  virtual Result<bool> was_linked(RepositoryId repository, const Digest& digest) const = 0;

  // The store holds these bytes: they are neither going nor damaged any more. `alias` is another
  // algorithm's digest of the same bytes.
  virtual Result<void> record(const Blob& blob, const std::optional<Digest>& alias,
                              WallTime now) = 0;
  // NotFound when the store does not hold the bytes. Linking again moves the link's time.
  virtual Result<void> link(RepositoryId repository, const Digest& digest, WallTime at) = 0;
  virtual Result<void> unlink(RepositoryId repository, const Digest& digest) = 0;  // NotFound
  // Marks the bytes as going: no find() sees the blob any more. NotFound.
  virtual Result<void> mark_going(const Digest& digest) = 0;
  // Forgets the blob and its aliases, and drops its links; only after its bytes are gone. Nothing
  // happens to one that is not known. From `now` on the dropped links wait for Retention.
  virtual Result<void> forget(const Digest& digest, WallTime now) = 0;
};

// What a manifest that is being pushed counts on. Meant for a Snapshot, before the transaction: the
// look-ups grow with the manifest, and there is only one writer.
class Holdings {
 public:
  virtual ~Holdings() = default;

  // What the repository has under each of the digests, in their order.
  virtual Result<std::vector<Holding>> of(RepositoryId repository,
                                          const std::vector<Digest>& digests) const = 0;

  // Another number after every write, by whatever process, that took something away from a holding:
  // a link, a blob's bytes, a manifest. While it is the same, what of() told is still there; only
  // more may have come, to the repository and to the collector's queue.
  virtual Result<std::uint64_t> losses() const = 0;
};

// What is known to be damaged at rest: bytes that are not what their digest says, or are not there.
// No find() sees them, as if they were gone; but links, tags and references stay, and what a
// damaged manifest names stays in use, so that pushing the same bytes again heals everything.
class Damage {
 public:
  virtual ~Damage() = default;

  // Is this manifest, or a blob or manifest that it names, directly or through children, damaged?
  // One look into an empty index while nothing is.
  virtual Result<bool> touches(const Manifest& manifest) const = 0;

  // Ascending by digest; by when it was marked and id.
  virtual Result<std::vector<Blob>> blobs(const std::optional<Digest>& after,
                                          std::size_t limit) const = 0;
  virtual Result<std::vector<Manifest>> manifests(std::size_t limit) const = 0;

  // False: it was marked already. NotFound: there is no such blob, or it is going; no such live
  // manifest.
  virtual Result<bool> mark_blob(const Digest& digest, WallTime at) = 0;
  virtual Result<bool> mark_manifest(RepositoryId repository, const Digest& digest,
                                     WallTime at) = 0;
  // Its bytes were found to be right after all. Nothing happens to one that is not marked.
  virtual Result<void> clear_blob(const Digest& digest) = 0;

  // Are the rows of this live manifest what was read from its bytes? Repository and digest say
  // which; push time and author are not looked at. NotFound.
  virtual Result<bool> agrees(const NewManifest& manifest) const = 0;
  // Makes them so, payload included; push time and author stay. Clears the mark. NotFound.
  virtual Result<void> rewrite(const NewManifest& manifest) = 0;
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
  // When the clock jumped: moves reviews by so much, and those that are later than `latest` then to
  // it. The next `limit` behind `after`, by digest; returns the last of them, nothing at the end.
  virtual Result<std::optional<Digest>> shift(std::chrono::microseconds by, WallTime latest,
                                              const std::optional<Digest>& after,
                                              std::size_t limit) = 0;

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

  // Once added, a session stays as it was added first.
  virtual Result<void> add(const EndedUpload& upload) = 0;
  // Forgets those that began and ended before `before`, at most `limit`; returns how many.
  virtual Result<std::size_t> purge(WallTime before, std::size_t limit) = 0;
};

// History, audit and event outbox share this one append.
//
// Numbers grow and are never given twice; there may be gaps. An entry stays for a year at least
// (Retention), the newest kMovesKept entries of a tag for good, and what a reader has still to read
// for as long as that reader is known. Nothing else keeps an entry: who reads the journal without
// being known as a reader, and less than once a year, misses some.
class Journal {
 public:
  virtual ~Journal() = default;
  virtual Result<void> add(const events::Event& event) = 0;
  static constexpr std::int64_t kMovesKept = 100;

  // Makes the reader known, or moves it on: it has done with the entries up to `sequence`, and
  // those after it stay until it says otherwise. release() forgets the reader; one that never comes
  // back would keep the journal growing.
  virtual Result<void> hold(std::string_view reader, std::int64_t sequence) = 0;
  virtual Result<void> release(std::string_view reader) = 0;

  // Entries after `sequence`, oldest first, with their numbers.
  struct Entry {
    std::int64_t sequence = 0;
    events::Event event;
  };
  virtual Result<std::vector<Entry>> read(std::int64_t after, std::size_t limit) const = 0;
};

// Durable work, and the right to do it. Whoever claimed a job owns it until it ends or is put back;
// what others tell of it is refused. When a job is due and when a lease ends is judged by the
// store's own clock, so both are durations here; `now` is for people to read.
class Jobs {
 public:
  virtual ~Jobs() = default;
  virtual Result<Job> find(std::int64_t id) const = 0;
  virtual Result<std::vector<Job>> recent(std::string_view kind,
                                          std::size_t limit) const = 0;  // newest first
  // Would claim() find one? One look into an index of what has not ended.
  virtual Result<bool> waits(std::string_view kind) const = 0;

  virtual Result<Job> enqueue(std::string_view kind, ByteView arguments, WallTime now) = 0;

  // The next job of that kind, now running and the owner's, with one attempt more. Those come first
  // that wait for nothing, the oldest of them first; then those that were put back for later, once
  // they are due. It may have been left running: so this is for the holder of the kind's lease, or
  // who knows that nobody else lives. NotFound when there is none. One indexed look-up.
  virtual Result<Job> claim(std::string_view kind, std::string_view owner) = 0;

  // Of a job that runs, by its owner. Conflict: it does not run, or is another's; NotFound.
  // progress() returns whether somebody wants the run to end.
  virtual Result<bool> progress(std::int64_t id, std::string_view owner, ByteView progress) = 0;
  virtual Result<void> put_back(std::int64_t id, std::string_view owner, const PutBack& how) = 0;
  virtual Result<void> finish(std::int64_t id, std::string_view owner, JobEnd end,
                              ByteView progress, WallTime now) = 0;

  // A queued job ends at once; the owner of a running one is told at its next progress(). Nothing
  // happens to one that has ended. NotFound.
  virtual Result<void> cancel(std::int64_t id, WallTime now) = 0;

  // Takes the named lease, or extends it, from now on; Conflict while another holder's runs. It
  // lasts an hour at most, so one that ends later was stamped by a wrong clock, and counts for
  // none.
  virtual Result<void> lease(std::string_view name, std::string_view holder,
                             std::chrono::milliseconds duration) = 0;
  virtual Result<void> release(std::string_view name, std::string_view holder) = 0;
  static constexpr std::chrono::hours kLongestWait{1};
};

// The end of what else would only grow. Each call handles at most `limit` rows, found by an index,
// so that the one writer is not held up; who wants more calls again.
class Retention {
 public:
  virtual ~Retention() = default;

  struct Counts {
    std::int64_t repositories = 0;        // that hold a manifest
    std::int64_t empty_repositories = 0;  // and are still found
    std::int64_t dropped_links = 0;       // whose bytes are gone
    std::int64_t journal_entries = 0;
    std::int64_t jobs = 0;
    std::int64_t ended_uploads = 0;
  };
  // Reads whole indexes: for gauges, now and then.
  virtual Result<Counts> counts() const = 0;

  // Which of the next `limit` entries of the journal after `after` (0: from the start) nobody
  // needs: older than `before`, not among the newest of their tag, read by every known reader. What
  // is not needed now never will be, so they may be dropped in a later transaction.
  struct OldEntries {
    std::vector<std::int64_t> sequences;
    std::optional<std::int64_t> next;  // from where to go on; none: all that is old was looked at
  };
  virtual Result<OldEntries> old_entries(WallTime before, std::int64_t after,
                                         std::size_t limit) const = 0;
  virtual Result<void> drop_entries(const std::vector<std::int64_t>& sequences) = 0;

  // Dropped links whose bytes went before `before`: the repository has then never had them. Returns
  // how many went, as do the others.
  virtual Result<std::size_t> forget_links(WallTime before, std::size_t limit) = 0;

  // Jobs that finished before `before`, but for the newest kJobsKept of a kind.
  virtual Result<std::size_t> forget_jobs(WallTime before, std::size_t limit) = 0;
  static constexpr std::int64_t kJobsKept = 100;

  // Repositories that are empty for kEmptyStays by `now`: no find() sees them any more, and a push
  // makes them anew. One where blobs are still linked is looked at again at `again`. One that a
  // dropped link or a removed manifest still speaks of keeps its row for kGoneIsKnown after that,
  // so that a new one of the name knows what it had and lost; then its dropped links go, and it
  // with the last of them. Returns how many were looked at.
  virtual Result<std::size_t> expire_repositories(WallTime now, WallTime again,
                                                  std::size_t limit) = 0;
  static constexpr std::chrono::hours kGoneIsKnown{24 * 7};
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
  virtual const Holdings& holdings() const = 0;
  virtual const Damage& damage() const = 0;
  virtual const Reviews& reviews() const = 0;
  virtual const EndedUploads& ended_uploads() const = 0;
  virtual const Journal& journal() const = 0;
  virtual const Jobs& jobs() const = 0;
  virtual const Retention& retention() const = 0;
  virtual const Settings& settings() const = 0;
};

class Transaction {
 public:
  virtual ~Transaction() = default;
  virtual Repositories& repositories() = 0;
  virtual Manifests& manifests() = 0;
  virtual Tags& tags() = 0;
  virtual Blobs& blobs() = 0;
  virtual const Holdings& holdings() = 0;
  virtual Damage& damage() = 0;
  virtual Reviews& reviews() = 0;
  virtual EndedUploads& ended_uploads() = 0;
  virtual Journal& journal() = 0;
  virtual Jobs& jobs() = 0;
  virtual Retention& retention() = 0;
  virtual Settings& settings() = 0;
};

// How much one work writes. There is one writer: a Large one (more than some 50 rows) is committed
// with as many small ones as wait, but with no other large one, so that many of them do not hold up
// everybody.
enum class Weight { Small, Large };

// The store. Thread-safe; every call blocks: call from a worker, never from an event loop.
class Store {
 public:
  virtual ~Store() = default;

  // Runs `work` and makes what it wrote durable: when this returns success, it survives a power
  // cut. Works of many callers are committed together, each on its own: an error of one undoes that
  // one alone. `work` must touch nothing but the transaction, may run more than once, and never
  // waits for a network or a lock. Its error is the result.
  class Work {
   public:
    template <class F,
              class = std::enable_if_t<std::is_invocable_r_v<Result<void>, F&, Transaction&>>>
    Work(F run, Weight weight = Weight::Small)  // NOLINT(google-explicit-constructor): of a lambda
        : run_(std::move(run)), weight_(weight) {}

    Result<void> operator()(Transaction& tx) const { return run_(tx); }
    Weight weight() const { return weight_; }

   private:
    std::function<Result<void>(Transaction&)> run_;
    Weight weight_;
  };
  virtual Result<void> write(Context& context, const Work& work) = 0;

  // Runs `work` on a consistent view that includes every write that returned before.
  using Look = std::function<Result<void>(const Snapshot&)>;
  virtual Result<void> read(Context& context, const Look& look) = 0;

  // Copies the whole store to a file, online: one moment of it, while others write. May take
  // minutes; how many, and for how much room it asks first, is the driver's to say. StorageFull,
  // Timeout.
  virtual Result<void> backup(Context& context, const std::string& path) = 0;

  // Tells whether a write could work now (readiness).
  virtual Result<void> check_writable(Context& context) = 0;

  // write() and read() for work that returns a value: `store.transact<Digest>(context,
  // [&](Transaction& tx) -> Result<Digest> {…})`.
  template <class T, class F>
  Result<T> transact(Context& context, F&& work, Weight weight = Weight::Small) {
    std::optional<T> value;
    const auto run = [&](Transaction& tx) -> Result<void> {
      TRY_ASSIGN(value, work(tx));
      return {};
    };
    TRY(write(context, Work(run, weight)));
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
