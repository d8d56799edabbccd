#pragma once
// scrub/thread.h — the scrub at work in the background of a server.

#include <chrono>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "base/metrics.h"
#include "scrub/job.h"
#include "scrub/pace.h"
#include "scrub/walk.h"

namespace entrepot::scrub {

// Reads everything once in each period, at its pace, with the least of the processor and of the
// disk; and does the jobs that `entrepot fsck` queued as soon as they are seen, at full speed. The
// place is kept in the metadata, so that a restart goes on. Errors (a store that is away) are
// logged, and tried again later. Works only while it holds the lease kJobKind.
class ScrubThread {
 public:
  struct Options {
    bool enabled = true;  // false: only what jobs ask for
    Pace::Options pace;
    std::chrono::milliseconds settle = std::chrono::minutes(1);  // rest after the start
    std::chrono::milliseconds retry = std::chrono::minutes(1);   // after an error
    std::chrono::milliseconds keep_place = std::chrono::minutes(1);
    std::chrono::milliseconds job_poll{1000};
    std::string holder;  // this process, among those that share the store
  };

  // Begins at once. All of it outlives the thread.
  ScrubThread(registry::Stores stores, registry::Quarantine& quarantine, Options options,
              metrics::Registry& metrics);

  // Ends the work after the piece it is at.
  ~ScrubThread();

 private:
  struct Metrics;
  struct Pass {
    WallTime begun{};
    std::uint64_t done_bytes = 0;
  };

  void run();
  bool is_at_work() const;
  void work_or_rest();
  Result<void> work();
  Result<void> scrub_for_a_while();
  Result<std::string> kept(std::string_view key);
  Result<void> load_place();
  Result<void> begin_or_resume();
  Result<void> measure_again();
  Result<void> rest_after(std::size_t bytes);
  Result<void> keep_place();
  Result<void> end_pass();
  Result<bool> run_a_job();
  Result<void> do_job(const meta::Job& job);
  Result<void> hold_lease();
  bool wait(std::chrono::microseconds time);  // false when it is time to end

  const registry::Stores stores_;
  registry::Quarantine& quarantine_;
  const Options options_;
  const Pace pace_;
  const std::unique_ptr<Metrics> metrics_;
  Context context_{"scrub"};

  // Of the thread alone.
  Walk walk_;
  Pass pass_;
  bool loaded_ = false;
  bool waits_for_next_ = false;
  std::uint64_t total_bytes_ = 0;
  SteadyTime measured_at_{};
  SteadyTime kept_at_{};
  SteadyTime read_at_{};
  SteadyTime next_look_{};
  SteadyTime next_try_{};

  std::mutex mutex_;
  std::condition_variable wakeup_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace entrepot::scrub
