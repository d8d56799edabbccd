#pragma once
// collect/thread.h — the collector at work in the background of a server.

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "collect/collector.h"

namespace entrepot::collect {

// Runs the collector: what is due at each interval, and the jobs that `entrepot gc` queued as soon
// as they are seen. Works only while it holds the lease kJobKind, so many processes on one store
// collect one at a time. Errors are logged, and the next interval tries again.
class CollectorThread {
 public:
  struct Options {
    bool enabled = true;  // false: only what jobs ask for
    std::chrono::milliseconds interval = std::chrono::minutes(1);
    std::chrono::milliseconds pause{5};  // between two steps, for pushes and pulls to go first
    std::chrono::milliseconds job_poll{1000};
    std::chrono::seconds lease{60};  // longer than any step takes
    std::string holder;              // this process, among those that share the store
  };

  // Begins at once. All of it outlives the thread.
  CollectorThread(Collector& collector, meta::Store& meta, const Clock& clock, Options options);

  // Ends the work after the blob it is at, gives the lease back.
  ~CollectorThread();

 private:
  void run();
  void work();
  Result<void> work_under_lease(bool interval_passed, bool job_waits);
  Result<void> run_jobs();
  Result<void> run_job(const meta::Job& job);
  Result<void> run_due();
  bool has_job();
  Result<void> end_abandoned_jobs();
  Result<void> renew_lease();
  bool wait(std::chrono::milliseconds time);  // false when it is time to end

  Collector& collector_;
  meta::Store& meta_;
  const Clock& clock_;
  const Options options_;
  Context context_{"collector"};
  SteadyTime next_pass_;

  std::mutex mutex_;
  std::condition_variable wakeup_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace entrepot::collect
