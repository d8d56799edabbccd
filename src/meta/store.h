#pragma once
// meta/store.h — the truth about names: repositories, manifests, tags, which repository has which
// blob, history, the collector's queue; people and what they may do.

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "base/context.h"
#include "base/result.h"
#include "meta/accounts.h"
#include "meta/blobs.h"
#include "meta/damage.h"
#include "meta/ended_uploads.h"
#include "meta/grants.h"
#include "meta/holdings.h"
#include "meta/jobs.h"
#include "meta/journal.h"
#include "meta/manifests.h"
#include "meta/members.h"
#include "meta/news.h"
#include "meta/pulls.h"
#include "meta/repositories.h"
#include "meta/retention.h"
#include "meta/reviews.h"
#include "meta/seals.h"
#include "meta/secrets.h"
#include "meta/settings.h"
#include "meta/tags.h"
#include "meta/words.h"

namespace entrepot::meta {

// Each noun has a header of its own. Its const methods read and the others write; a Snapshot hands
// out const nouns, a Transaction writable ones. They live no longer than the call of `work` they
// were given to, and belong to its thread. Lists are in ascending ASCII order of their key, start
// after `after` ("" = from the start) and have at most `limit` entries. Every method may fail with
// Unavailable (the store is gone) or StorageFull (writes). A "not there" is NotFound.

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
  virtual const Seals& seals() const = 0;
  virtual const Jobs& jobs() const = 0;
  virtual const Retention& retention() const = 0;
  virtual const Settings& settings() const = 0;
  virtual const Accounts& accounts() const = 0;
  virtual const Members& members() const = 0;
  virtual const Teams& teams() const = 0;
  virtual const Grants& grants() const = 0;
  virtual const Secrets& secrets() const = 0;
  virtual const Words& words() const = 0;
  virtual const Pulls& pulls() const = 0;
};

// A Snapshot that can be written, and sees what it wrote: the same nouns, without const. What only
// asks takes a Snapshot, and so serves both.
class Transaction : public Snapshot {
 public:
  using Snapshot::accounts;
  using Snapshot::blobs;
  using Snapshot::damage;
  using Snapshot::ended_uploads;
  using Snapshot::grants;
  using Snapshot::jobs;
  using Snapshot::journal;
  using Snapshot::manifests;
  using Snapshot::members;
  using Snapshot::pulls;
  using Snapshot::repositories;
  using Snapshot::retention;
  using Snapshot::reviews;
  using Snapshot::seals;
  using Snapshot::secrets;
  using Snapshot::settings;
  using Snapshot::tags;
  using Snapshot::teams;
  using Snapshot::words;

  virtual Repositories& repositories() = 0;
  virtual Manifests& manifests() = 0;
  virtual Tags& tags() = 0;
  virtual Blobs& blobs() = 0;
  virtual Damage& damage() = 0;
  virtual Reviews& reviews() = 0;
  virtual EndedUploads& ended_uploads() = 0;
  virtual Journal& journal() = 0;
  virtual Seals& seals() = 0;
  virtual Jobs& jobs() = 0;
  virtual Retention& retention() = 0;
  virtual Settings& settings() = 0;
  virtual Accounts& accounts() = 0;
  virtual Members& members() = 0;
  virtual Teams& teams() = 0;
  virtual Grants& grants() = 0;
  virtual Secrets& secrets() = 0;
  virtual Words& words() = 0;
  virtual Pulls& pulls() = 0;
};

// How much one work writes. Where all who write wait for each other, a Large one (more than some 50
// rows) is committed with as many small ones as wait, but with no other large one, so that many of
// them do not hold up everybody.
enum class Weight { Small, Large };

// What a backup was found to hold when it was read again. Of blobs only that they are there, never
// their bytes; manifests are in it whole.
struct BackupContents {
  std::uint64_t size_bytes = 0;  // of the backup itself
  std::uint64_t repositories = 0;
  std::uint64_t manifests = 0;  // live ones
  std::uint64_t tags = 0;
  std::uint64_t blobs = 0;
};

// What a driver may be able to do besides: copy the whole store to a file.
class Backup {
 public:
  virtual ~Backup() = default;

  // Online: one moment of it, while others write. The copy was read again and found whole before it
  // has the name `path`. May take minutes; how many, and for how much room it asks first, is the
  // driver's to say. StorageFull, Timeout; Unavailable for a copy that is not whole.
  virtual Result<BackupContents> backup(Context& context, const std::string& path) = 0;
};

// The store. Thread-safe; every call blocks: call from a worker, never from an event loop.
class Store {
 public:
  virtual ~Store() = default;

  // Runs `work` and makes what it wrote durable: when this returns success, it survives a power
  // cut, and all who listen have heard of it. Works of many callers are committed together, each on
  // its own: an error of one undoes that one alone. `work` must touch nothing but the transaction,
  // may run more than once, and never waits for a network or a lock. Its error is the result.
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

  // Runs `look` on a consistent view that includes every write that returned before.
  using Look = std::function<Result<void>(const Snapshot&)>;
  virtual Result<void> read(Context& context, const Look& look) = 0;

  // Hands what writes tell to `listener` from now on, which outlives the last of them. Call it
  // while the program is put together, when nobody else uses the store.
  virtual void listen(Listener& listener) = 0;

  // Null where the store is backed up by other means. Borrowed.
  virtual Backup* backups() { return nullptr; }

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
