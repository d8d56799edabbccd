#include "meta/sqlite/internal/checkpointer.h"

#include <pthread.h>

#include "base/memory.h"

namespace entrepot::meta::sqlite {
namespace {

// How long the writer waits for readers to leave the log before it goes on appending.
constexpr std::chrono::milliseconds kWriterPatience{20};

}  // namespace

Checkpointer::Checkpointer(std::unique_ptr<Database> database, Health& health)
    : database_(std::move(database)), health_(health), thread_([this] { run(); }) {
  pthread_setname_np(thread_.native_handle(), "meta-checkpoint");
}

Checkpointer::~Checkpointer() {
  {
    const MutexLock lock(mutex_);
    ending_ = true;
  }
  wakeup_.notify_one();
  thread_.join();
}

void Checkpointer::after_commit(Database& writer) {
  const int pages = writer.log_pages();
  if (pages < moved_pages_) moved_pages_ = 0;  // the log has started over
  const int unmoved = pages - moved_pages_;
  if (pages >= kPagesTooMany && unmoved < kPagesPerRound && health_.check()) {
    auto done = writer.checkpoint(SQLITE_CHECKPOINT_RESTART, kWriterPatience);
    if (done) moved_pages_ = done->moved_pages;
    health_.note(writer.damage());
    return;
  }
  if (unmoved < kPagesPerRound) return;
  {
    const MutexLock lock(mutex_);
    asked_ = true;
  }
  wakeup_.notify_one();
}

void Checkpointer::run() {
  for (;;) {
    {
      const MutexLock lock(mutex_);
      while (!asked_ && !ending_) wakeup_.wait(mutex_);
      if (ending_) return;
      asked_ = false;
    }
    static_cast<void>(had_memory([this] { round(); }));  // else after the next commits
  }
}

void Checkpointer::round() {
  if (!health_.check()) return;
  auto done = database_->checkpoint(SQLITE_CHECKPOINT_PASSIVE, std::chrono::milliseconds{0});
  health_.note(database_->damage());
  if (done) {
    moved_pages_ = done->moved_pages;
  } else if (done.error().code == ErrorCode::StorageFull) {
    // What is acknowledged is safe in the log; the next round tries again.
    log::warning("{}", done.error());
  }
}

}  // namespace entrepot::meta::sqlite
