#pragma once
// meta/sqlite/internal/writer.h — the one thread that writes, and commits the works of many callers
// at once.

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "meta/sqlite/internal/database.h"
#include "meta/sqlite/internal/health.h"
#include "meta/sqlite/internal/nouns.h"
#include "meta/store.h"

namespace entrepot::meta::sqlite {

// Group commit. While one batch is being committed, the next one gathers; nobody waits on purpose.
// Each work runs in a savepoint, so an error undoes that work alone; then one COMMIT, one sync, and
// every caller gets its answer. A batch that a full disk undid as a whole is run again one by one,
// so that a small work is not lost to the large one beside it.
//
// After an error that tells of a damaged disk or file nothing is written any more (Health).
//
// Thread-safe. Destruction commits what waits, then joins.
class Writer {
 public:
  // Runs on the writer's thread after each batch, when its callers have their answers.
  using AfterCommit = std::function<void(Database&)>;

  Writer(std::unique_ptr<Database> database, Health& health, AfterCommit after_commit);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Blocks until `work` is durable or has failed. Cancelled and Timeout only while it waits for its
  // turn: it has not run then. Unavailable when kMostWaiting works wait already.
  Result<void> submit(Context& context, const Store::Work& work);

  // How many works wait for their turn.
  std::size_t waiting() const;

  static constexpr std::size_t kLargestBatch = 64;
  static constexpr std::size_t kMostWaiting = 4096;

 private:
  // A caller that waits, on its own stack.
  struct Pending {
    const Store::Work* work = nullptr;
    Context* context = nullptr;
    Result<void> result;
    bool taken = false;  // by the writer: the caller must not go away any more
    bool done = false;
    std::condition_variable answered;
  };
  using Batch = std::vector<Pending*>;

  void run();
  Batch take_batch();
  void answer(const Batch& batch);

  // On the writer's thread, without the lock.
  void commit(const Batch& batch);
  Result<void> try_commit(const Batch& batch);
  Result<void> run_one(Pending& pending);

  const std::unique_ptr<Database> database_;
  Health& health_;
  const AfterCommit after_commit_;
  Nouns nouns_;

  mutable std::mutex mutex_;
  std::condition_variable wakeup_;
  std::deque<Pending*> waiting_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace entrepot::meta::sqlite
