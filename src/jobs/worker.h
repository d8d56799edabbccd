#pragma once
// jobs/worker.h — one kind of work at work.

#include <thread>

#include "base/mutex.h"
#include "jobs/runner.h"

namespace entrepot::jobs {

// A thread that does the jobs and rounds of one kind, as Runner promises.
class Runner::Worker {
 public:
  // Begins at once.
  Worker(meta::Store& meta, const Clock& clock, const Options& options, Kind kind);

  // Ends the thread; stop() asks for that and returns at once.
  ~Worker();
  void stop();

 private:
  class RoundRun;
  class JobRun;

  void run();
  void look();
  void tell_trouble(const Result<void>& done);
  std::chrono::milliseconds until_next_look() const;
  bool wait(std::chrono::microseconds time);  // false when it is time to end

  Result<void> do_round();
  Result<void> do_jobs();
  Result<void> do_job(meta::Job job);
  Result<std::optional<meta::Job>> claim();
  Result<void> settle(const JobRun& run, const Result<Bytes>& done);
  Result<void> settle_failure(const JobRun& run, const Error& error);
  Result<void> put_back(const JobRun& run, std::chrono::milliseconds after, bool counts);
  Result<void> finish(const JobRun& run, meta::JobEnd end, ByteView progress);
  std::chrono::milliseconds retry_after(std::int64_t attempts) const;

  Result<void> rest(std::chrono::microseconds time, bool in_round);
  Result<void> hold_lease();
  Result<void> hold_lease(meta::Transaction& tx) const;
  void note_lease();
  Result<void> release_lease();

  meta::Store& meta_;
  const Clock& clock_;
  const Options options_;
  const Kind kind_;
  Context context_;

  // Of the thread alone.
  SteadyTime next_round_{};
  SteadyTime next_look_{};   // for jobs, from within a round
  SteadyTime held_until_{};  // the lease; none while it is past
  bool in_trouble_ = false;

  Mutex mutex_;  // so that no wake-up is lost: the context tells the end
  CondVar wakeup_;
  std::thread thread_;
};

}  // namespace entrepot::jobs
