#pragma once
// http/server/internal/turn_pool.h — the data threads that move answers out of files (and shake TLS
// hands).

#include <atomic>
#include <memory>
#include <thread>
#include <vector>

#include "base/result.h"

namespace entrepot::http::server::internal {

// Work on one socket that is done in turns, each when the socket is ready for it.
class Turns {
 public:
  enum class Next { WhenReadable, WhenWritable, Over };

  // Works for a bounded time, without waiting for the socket; says when to go on.
  virtual Next take_turn() = 0;

  // Called once, after Over; the pool knows nothing of the work any more.
  virtual void turns_are_over() = 0;

 protected:
  ~Turns() = default;

 private:
  friend class TurnPool;
  int descriptor_ = -1;
  // What one thread did in its turn is seen by the thread that takes the next: the kernel passes
  // the work on, which the language's memory model knows nothing of.
  std::atomic<unsigned> passed_on_ = 0;
};

// Threads that share one epoll descriptor: whoever is free takes the socket that has been ready for
// longest, works one turn, and lines it up again. So bulk data goes out at the price of one epoll
// call a turn, in fair shares, and never on an event loop. Thread-safe.
class TurnPool {
 public:
  static Result<std::unique_ptr<TurnPool>> open(std::size_t threads);
  ~TurnPool();  // all work must be over
  TurnPool(const TurnPool&) = delete;
  TurnPool& operator=(const TurnPool&) = delete;

  // Starts with the first turn when `descriptor` is ready for `first`. To end early, shut the
  // socket down: its next turn comes at once, and fails. Without memory to watch the descriptor the
  // turns are over at once.
  void add(int descriptor, Turns& turns, Turns::Next first);

 private:
  TurnPool(int poll_descriptor, int stop_descriptor)
      : poll_descriptor_(poll_descriptor), stop_descriptor_(stop_descriptor) {}
  void run();
  static Turns::Next take(Turns& turns);

  const int poll_descriptor_;
  const int stop_descriptor_;
  std::vector<std::thread> threads_;
};

}  // namespace entrepot::http::server::internal
