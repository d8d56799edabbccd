#pragma once
// meta/sqlite/internal/checkpointer.h — keeps the write-ahead log short without holding up the
// writer.

#include <atomic>
#include <memory>
#include <thread>

#include "base/mutex.h"
#include "meta/sqlite/internal/database.h"
#include "meta/sqlite/internal/health.h"

namespace entrepot::meta::sqlite {

// A thread with a connection of its own that moves pages from the log into the file, whenever
// kPagesPerRound are new in the log. The log starts over once all of it was moved while nobody
// reads or appends; under steady load that never happens by itself, so past kPagesTooMany the
// writer lends a hand between two batches: it moves the last few pages, which takes milliseconds.
class Checkpointer {
 public:
  Checkpointer(std::unique_ptr<Database> database, Health& health);
  ~Checkpointer();
  Checkpointer(const Checkpointer&) = delete;
  Checkpointer& operator=(const Checkpointer&) = delete;

  // Called after each commit by whoever wrote it, with the connection that writes.
  void after_commit(Database& writer);

  static constexpr int kPagesPerRound = 1000;  // 4 MiB
  static constexpr int kPagesTooMany = 4000;   // 16 MiB

 private:
  void run();
  void round();

  const std::unique_ptr<Database> database_;
  Health& health_;

  std::atomic<int> moved_pages_ = 0;  // of the log as it is now
  Mutex mutex_;
  CondVar wakeup_;
  bool asked_ ENTREPOT_GUARDED_BY(mutex_) = false;
  bool ending_ ENTREPOT_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace entrepot::meta::sqlite
