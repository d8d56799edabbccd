#include "meta/sqlite/internal/writer.h"

#include <pthread.h>

#include <algorithm>

#include "base/memory.h"

namespace entrepot::meta::sqlite {
namespace {

// IMMEDIATE: the write lock is taken here, where waiting for another process is harmless.
constexpr char kBegin[] = "BEGIN IMMEDIATE";
constexpr char kCommit[] = "COMMIT";
constexpr char kRollback[] = "ROLLBACK";
constexpr char kSave[] = "SAVEPOINT work";
constexpr char kUndo[] = "ROLLBACK TO work";
constexpr char kKeep[] = "RELEASE work";

constexpr std::chrono::milliseconds kMemoryRetry{1};

// Tells when it ends, however that comes.
class Telling {
 public:
  Telling(const News& news, const std::vector<Listener*>& listeners)
      : news_(news), listeners_(listeners) {}
  ~Telling() {
    if (news_.empty()) return;
    for (Listener* listener : listeners_) listener->heard(news_);
  }
  Telling(const Telling&) = delete;
  Telling& operator=(const Telling&) = delete;

 private:
  const News& news_;
  const std::vector<Listener*>& listeners_;
};

}  // namespace

Writer::Writer(std::unique_ptr<Database> database, Health& health, AfterCommit after_commit,
               metrics::Histogram& batch_times)
    : database_(std::move(database)),
      health_(health),
      after_commit_(std::move(after_commit)),
      batch_times_(batch_times),
      nouns_(*database_),
      thread_([this] { run(); }) {
  pthread_setname_np(thread_.native_handle(), "meta-writer");
}

Writer::~Writer() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
  }
  wakeup_.notify_one();
  thread_.join();
}

Result<void> Writer::submit(Context& context, const Store::Work& work) {
  TRY(context.alive());
  TRY(health_.check());
  Pending pending;
  pending.work = &work;
  pending.context = &context;

  MutexLock lock(mutex_);
  if (!busy_ && nothing_waits()) {
    busy_ = true;
    lock.unlock();
    Pending* const alone[] = {&pending};
    write(alone);
    lock.lock();
    busy_ = false;
    if (!nothing_waits()) wakeup_.notify_one();
    return std::move(pending.result);
  }
  if (small_.size() + large_.size() >= kMostWaiting) {
    return fail(ErrorCode::Unavailable, "{} writes of metadata wait already", kMostWaiting);
  }
  std::deque<Pending*>& queue = queue_of(pending);
  queue.push_back(&pending);
  if (!busy_) wakeup_.notify_one();

  while (!pending.done) {
    if (pending.taken || !context.deadline()) {
      // No deadline (any more): the writer takes all that wait, and answers all that it took.
      pending.answered.wait(mutex_);
    } else if (!pending.answered.wait_until(mutex_, *context.deadline()) && !pending.taken) {
      queue.erase(std::find(queue.begin(), queue.end(), &pending));
      return fail(ErrorCode::Timeout, "the metadata did not get to write in time");
    }
  }
  return std::move(pending.result);
}

std::size_t Writer::waiting() const {
  const MutexLock lock(mutex_);
  return small_.size() + large_.size();
}

std::deque<Writer::Pending*>& Writer::queue_of(const Pending& pending) {
  return pending.work->weight() == Weight::Large ? large_ : small_;
}

void Writer::run() {
  for (;;) {
    const Batch batch = take_batch();
    if (batch.empty()) return;
    write(batch);
    answer(batch);
    const MutexLock lock(mutex_);
    busy_ = false;
  }
}

void Writer::write(std::span<Pending* const> batch) {
  const SteadyTime begun = std::chrono::steady_clock::now();
  if (!had_memory([&] { commit(batch); })) give_up(batch);
  const auto took = std::chrono::steady_clock::now() - begun;
  batch_times_.observe_micros(static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
  // What fails here is seen again after the next batch.
  static_cast<void>(had_memory([this] {
    health_.note(database_->damage());
    after_commit_(*database_);
  }));
}

// Undoes what a lack of memory left in the middle. No word here is long enough to need any.
void Writer::give_up(std::span<Pending* const> batch) {
  static_cast<void>(had_memory([this] {
    if (database_->in_transaction()) static_cast<void>(database_->run(kRollback));
  }));
  for (Pending* pending : batch) pending->result = Failure({ErrorCode::Unavailable, "no memory"});
}

Writer::Batch Writer::take_batch() {
  Batch batch;
  while (!had_memory([&] { batch.reserve(kLargestBatch + 1); })) {
    std::this_thread::sleep_for(kMemoryRetry);
  }
  const MutexLock lock(mutex_);
  while (!ending_ && (busy_ || nothing_waits())) wakeup_.wait(mutex_);
  const std::size_t count = std::min(small_.size(), kLargestBatch);
  const auto end = small_.begin() + static_cast<std::ptrdiff_t>(count);
  batch.assign(small_.begin(), end);
  small_.erase(small_.begin(), end);
  if (!large_.empty()) {
    batch.push_back(large_.front());
    large_.pop_front();
  }
  for (Pending* pending : batch) pending->taken = true;
  busy_ = !batch.empty();
  return batch;
}

void Writer::answer(std::span<Pending* const> batch) {
  const MutexLock lock(mutex_);
  for (Pending* pending : batch) {
    pending->done = true;
    // Under the lock: the caller's stack, and `answered` with it, goes when it sees `done`.
    pending->answered.notify_one();
  }
}

void Writer::commit(std::span<Pending* const> batch) {
  Batch alive;
  for (Pending* pending : batch) {
    pending->result = health_.check();
    if (pending->result) pending->result = pending->context->alive();
    if (pending->result) alive.push_back(pending);
  }
  if (alive.empty()) return;
  auto committed = try_commit(alive);
  if (committed) return;
  if (committed.error().code != ErrorCode::StorageFull || alive.size() == 1) {
    for (Pending* pending : alive) pending->result = committed;
    return;
  }
  for (Pending* pending : alive) {
    committed = try_commit(std::span(&pending, 1));
    if (!committed) pending->result = std::move(committed);
  }
}

// One transaction. On success each work has a result of its own; on an error nothing was written.
Result<void> Writer::try_commit(std::span<Pending* const> batch) {
  if (database_->has_moved()) {
    return fail(ErrorCode::Unavailable, "the metadata's file is gone from under the server");
  }
  TRY(database_->run(kBegin));
  nouns_.news().clear();
  Result<void> written;
  for (Pending* pending : batch) {
    pending->result = run_one(*pending);
    if (database_->damage()) {
      written = Failure(*database_->damage());
    } else if (!database_->in_transaction()) {
      // SQLite does so without disk or memory, and takes the others' works with it.
      written = fail(pending->result ? ErrorCode::Unavailable : pending->result.error().code,
                     "the transaction was undone");
    }
    if (!written) break;
  }
  if (written) {
    written = commit_and_tell();
  }
  if (!written && database_->in_transaction()) static_cast<void>(database_->run(kRollback));
  return written;
}

// Once COMMIT was asked for, an error does not say that nothing was written.
Result<void> Writer::commit_and_tell() {
  const Telling telling(nouns_.news(), listeners_);
  TRY(database_->run(kCommit));
  return {};
}

Result<void> Writer::run_one(Pending& pending) {
  TRY(database_->run(kSave));
  const News::Mark before = nouns_.news().mark();
  nouns_.set_asker(pending.context);
  auto result = (*pending.work)(nouns_);
  nouns_.set_asker(nullptr);
  if (!database_->in_transaction()) return result;
  if (!result) {
    TRY(database_->run(kUndo));
    nouns_.news().go_back_to(before);
  }
  TRY(database_->run(kKeep));
  return result;
}

}  // namespace entrepot::meta::sqlite
