#pragma once
// server/signals.h — the signals that end a server or make it read files again.

#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace entrepot::server {

// Made before any other thread, because every thread inherits that these signals are blocked; one
// thread of its own waits for them. SIGTERM and SIGINT mean Stop; a second one ends the process on
// the spot, with 128 + its number. SIGHUP means Reload. SIGPIPE is ignored from now on.
class Signals {
 public:
  enum class Event { Reload, Stop };

  // `on_stop` is called at once when the first Stop comes, on the signals' thread.
  explicit Signals(std::function<void()> on_stop);
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

  // Blocks until one has come. Stop stays: every later call returns it at once.
  Event next();

 private:
  void run();

  const std::function<void()> on_stop_;
  std::mutex mutex_;
  std::condition_variable came_;
  bool stop_ = false;
  bool reload_ = false;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace entrepot::server
