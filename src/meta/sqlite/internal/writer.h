#pragma once
// meta/sqlite/internal/writer.h — one writes at a time, and commits the works of many callers at
// once.

#include <deque>
#include <functional>
#include <memory>
#include <span>
#include <thread>
#include <vector>

#include "base/metrics.h"
#include "base/mutex.h"
#include "meta/sqlite/internal/database.h"
#include "meta/sqlite/internal/health.h"
#include "meta/sqlite/internal/nouns.h"
#include "meta/store.h"

namespace entrepot::meta::sqlite {

// Group commit. Who comes while nobody writes writes itself: that costs no change of threads. While
// one batch is being committed, the next one gathers; nobody waits on purpose.
// Each work runs in a savepoint, so an error undoes that work alone; then one COMMIT, one sync, and
// every caller gets its answer. At most one work of a batch is large (meta::Weight): the others of
// its kind wait for a batch each, while small ones go by. A batch that a full disk undid as a whole
// is run again one by one, so that a small work is not lost to the large one beside it.
//
// Those who listen hear what a batch told right after its COMMIT, and also when nobody knows what
// became of that.
//
// After an error that tells of a damaged disk or file nothing is written any more (Health).
//
// Thread-safe. Destruction commits what waits, then joins.
class Writer {
 public:
  // Runs after each batch, on the thread that wrote it, before anything else is written.
  using AfterCommit = std::function<void(Database&)>;

  // `batch_times`: how long each batch took, its commit included.
  Writer(std::unique_ptr<Database> database, Health& health, AfterCommit after_commit,
         metrics::Histogram& batch_times);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Blocks until `work` is durable or has failed. Cancelled and Timeout only while it waits for its
  // turn: it has not run then. Unavailable when kMostWaiting works wait already.
  Result<void> submit(Context& context, const Store::Work& work);

  // See Store::listen.
  void listen(Listener& listener) { listeners_.push_back(&listener); }

  // How many works wait for their turn.
  std::size_t waiting() const;

  static constexpr std::size_t kLargestBatch = 64;
  static constexpr std::size_t kMostWaiting = 4096;

 private:
  // A caller that waits, on its own stack. mutex_ guards the last three.
  struct Pending {
    const Store::Work* work = nullptr;
    Context* context = nullptr;
    Result<void> result;
    bool taken = false;  // by the writer: the caller must not go away any more
    bool done = false;
    CondVar answered;
  };
  using Batch = std::vector<Pending*>;

  void run();
  std::deque<Pending*>& queue_of(const Pending& pending) ENTREPOT_REQUIRES(mutex_);
  bool nothing_waits() const ENTREPOT_REQUIRES(mutex_) { return small_.empty() && large_.empty(); }
  Batch take_batch();
  void answer(std::span<Pending* const> batch);

  // On the thread that writes, without the lock.
  void write(std::span<Pending* const> batch);
  void give_up(std::span<Pending* const> batch);
  void commit(std::span<Pending* const> batch);
  Result<void> try_commit(std::span<Pending* const> batch);
  Result<void> run_one(Pending& pending);
  Result<void> commit_and_tell();

  const std::unique_ptr<Database> database_;
  Health& health_;
  const AfterCommit after_commit_;
  metrics::Histogram& batch_times_;
  Nouns nouns_;
  std::vector<Listener*> listeners_;

  mutable Mutex mutex_;
  CondVar wakeup_;
  std::deque<Pending*> small_ ENTREPOT_GUARDED_BY(mutex_);
  std::deque<Pending*> large_ ENTREPOT_GUARDED_BY(mutex_);
  // Somebody writes, who looks after those who wait when that is done.
  bool busy_ ENTREPOT_GUARDED_BY(mutex_) = false;
  bool ending_ ENTREPOT_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace entrepot::meta::sqlite
