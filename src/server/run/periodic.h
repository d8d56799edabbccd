#pragma once
// server/run/periodic.h — work that is done now and then, on a thread of its own.

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "base/context.h"
#include "base/mutex.h"

namespace entrepot::server {

// Runs `work` at once and then each `interval` after it ended. Destruction cancels the Context of a
// running `work` and waits for it to notice.
class Periodic {
 public:
  using Work = std::function<void(Context&)>;
  // `name` is the thread's, at most 15 characters.
  Periodic(const std::string& name, std::chrono::milliseconds interval, Work work);
  ~Periodic();
  Periodic(const Periodic&) = delete;
  Periodic& operator=(const Periodic&) = delete;

 private:
  void run();

  const std::chrono::milliseconds interval_;
  const Work work_;
  Context context_;
  Mutex mutex_;  // so that no wake-up is lost: the context tells the end
  CondVar ending_came_;
  std::thread thread_;
};

}  // namespace entrepot::server
