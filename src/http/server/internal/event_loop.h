#pragma once
// http/server/internal/event_loop.h — one thread that waits for sockets and for mail from other
// threads.

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <thread>
#include <vector>

#include "base/clock.h"
#include "base/mutex.h"
#include "base/result.h"

namespace entrepot::http::server::internal {

// Something that epoll watches for us.
class Watched {
 public:
  virtual void on_events(std::uint32_t events) = 0;
  // Memory ran out on the way.
  virtual void on_no_memory() = 0;

 protected:
  ~Watched() = default;
};

// post() is for any thread; everything else for the loop's own thread.
class EventLoop {
 public:
  static Result<std::unique_ptr<EventLoop>> open();
  ~EventLoop();
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;

  // Starts the thread. `between` runs after each batch of events and mail and says how long the
  // loop may sleep at most.
  using Between = std::function<std::chrono::milliseconds()>;
  void start(const std::string& thread_name, Between between);

  // Runs `task` on the loop's thread, soon, in the order of posting. Wakes the loop only if it may
  // be asleep. Does not fail: without memory it waits for some. A task that runs out of memory ends
  // there, and `whom`, which lives until the end of the batch, is told.
  void post(std::function<void()> task, Watched* whom = nullptr);

  // The loop ends behind the current batch.
  void stop() { stopping_ = true; }
  void join();

  // What a descriptor is watched for; errors of epoll_ctl cannot happen to a socket of ours but for
  // lack of memory, and are reported.
  [[nodiscard]] bool watch(int descriptor, std::uint32_t events, Watched& watched);
  [[nodiscard]] bool change(int descriptor, std::uint32_t events, Watched& watched);
  void forget(int descriptor);

  // The time of the current batch.
  SteadyTime now() const { return now_; }

 private:
  EventLoop(int poll_descriptor, int mail_descriptor)
      : poll_descriptor_(poll_descriptor), mail_descriptor_(mail_descriptor) {}
  void run();
  void read_mail();
  static void tell(Watched& watched, std::uint32_t events);
  struct Mail {
    std::function<void()> task;
    Watched* whom;
  };
  bool add_mail(Mail& mail) ENTREPOT_REQUIRES(mutex_);

  const int poll_descriptor_;
  const int mail_descriptor_;
  Between between_;
  SteadyTime now_ = std::chrono::steady_clock::now();
  bool stopping_ = false;

  Mutex mutex_;
  std::vector<Mail> mail_ ENTREPOT_GUARDED_BY(mutex_);
  bool woken_ ENTREPOT_GUARDED_BY(mutex_) = false;  // a wake-up is on its way
  std::vector<Mail> reading_;
  std::thread thread_;
};

}  // namespace entrepot::http::server::internal
