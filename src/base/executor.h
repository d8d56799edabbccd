#pragma once
// base/executor.h — a fixed set of threads with a bounded queue.

#include <deque>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace entrepot {

// Runs tasks on its own threads, first in first out. Thread-safe. Destruction runs what is queued,
// and what that posts, then joins; other threads must have stopped posting before. Tasks must not
// throw, but for std::bad_alloc, with which a task ends.
class Executor {
 public:
  struct Options {
    std::string name;                // of the threads, for `top -H`; at most 15 characters
    std::size_t threads = 1;         // at least one
    std::size_t queue_limit = 1024;  // tasks waiting
  };

  explicit Executor(Options options);
  ~Executor();
  Executor(const Executor&) = delete;
  Executor& operator=(const Executor&) = delete;

  // False when the queue is full or the executor is ending; the task was not taken.
  [[nodiscard]] bool try_post(std::function<void()> task);

  // Takes the task even past the limit: for what finishes work already begun, whose number the
  // caller bounds. Without memory it waits for some.
  void post(std::function<void()> task);

  std::size_t queued() const;

 private:
  bool add(std::function<void()>& task);
  void run();

  const Options options_;
  mutable Mutex mutex_;
  CondVar wakeup_;
  std::deque<std::function<void()>> tasks_ ENTREPOT_GUARDED_BY(mutex_);
  bool ending_ ENTREPOT_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace entrepot
