#include "collect/thread.h"

#include <pthread.h>

#include <algorithm>

#include "base/log.h"
#include "base/memory.h"

namespace entrepot::collect {
namespace {

constexpr std::size_t kRecentJobs = 64;

}  // namespace

CollectorThread::CollectorThread(Collector& collector, meta::Store& meta, const Clock& clock,
                                 Options options)
    : collector_(collector),
      meta_(meta),
      clock_(clock),
      options_(std::move(options)),
      next_pass_(clock.steady()),
      thread_([this] { run(); }) {
  pthread_setname_np(thread_.native_handle(), "collector");
}

CollectorThread::~CollectorThread() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  context_.cancel();
  wakeup_.notify_all();
  thread_.join();
}

bool CollectorThread::wait(std::chrono::milliseconds time) {
  std::unique_lock lock(mutex_);
  return !wakeup_.wait_for(lock, time, [this] { return ending_; });
}

void CollectorThread::run() {
  do {
    static_cast<void>(had_memory([this] { work(); }));  // else at the next look
  } while (wait(std::min(options_.job_poll, options_.interval)));
}

void CollectorThread::work() {
  const bool interval_passed = clock_.steady() >= next_pass_;
  const bool job_waits = has_job();
  if (!interval_passed && !job_waits) return;
  next_pass_ = clock_.steady() + options_.interval;
  auto worked = renew_lease();
  if (!worked) {
    if (worked.error().code == ErrorCode::Conflict) return;  // another process is at it
  } else {
    worked = work_under_lease(interval_passed, job_waits);
    Context unhindered("collector");
    const auto released = meta_.write(unhindered, [&](meta::Transaction& tx) {
      return tx.jobs().release(kJobKind, options_.holder);
    });
    if (worked && !released) worked = released;
  }
  if (worked || worked.error().code == ErrorCode::Cancelled) return;
  log::warning("the collector stopped, and tries again later: {}", worked.error());
}

Result<void> CollectorThread::work_under_lease(bool interval_passed, bool job_waits) {
  if (job_waits) TRY(run_jobs());
  if (interval_passed && options_.enabled) TRY(run_due());
  // So that time in which a server ran is told from time in which none did.
  if (interval_passed && !options_.enabled) TRY(collector_.settle_clock(context_));
  return {};
}

Result<void> CollectorThread::run_due() {
  while (true) {
    TRY_ASSIGN(const Collector::Step step, collector_.run_due(context_));
    if (step.done.removed > 0) {
      log::info("collected {} blobs, {} bytes", step.done.removed, step.done.freed_bytes);
    }
    if (!step.more || !wait(options_.pause)) return {};
    TRY(renew_lease());
  }
}

// Is one queued, or left running by a process that is gone? An error is left to the next interval.
bool CollectorThread::has_job() {
  const auto found = meta_.view<bool>(context_, [](const meta::Snapshot& snapshot) -> Result<bool> {
    TRY_ASSIGN(const auto jobs, snapshot.jobs().recent(kJobKind, kRecentJobs));
    return std::any_of(jobs.begin(), jobs.end(), [](const meta::Job& job) {
      return job.state == "queued" || job.state == "running";
    });
  });
  return found && *found;
}

Result<void> CollectorThread::run_jobs() {
  TRY(end_abandoned_jobs());
  while (true) {
    TRY_ASSIGN(const auto job,
               if_there(meta_.transact<meta::Job>(context_, [&](meta::Transaction& tx) {
                 return tx.jobs().claim(kJobKind, clock_.wall());
               })));
    if (!job) return {};
    TRY(run_job(*job));
  }
}

Result<void> CollectorThread::run_job(const meta::Job& job) {
  Progress last;
  const auto after_step = [&](const Progress& progress) -> Result<void> {
    last = progress;
    TRY(meta_.write(context_, [&](meta::Transaction& tx) {
      return tx.jobs().progress(job.id, to_json(progress));
    }));
    TRY(renew_lease());
    wait(options_.pause);
    return context_.alive();
  };
  auto request = parse_request(job.arguments);
  auto done = request ? collector_.run(context_, *request, after_step)
                      : Result<Progress>(propagate(std::move(request)));
  if (done) last = *done;
  Context unhindered("collector");  // also when this one was cancelled: the job must not hang
  TRY(meta_.write(unhindered, [&](meta::Transaction& tx) {
    return tx.jobs().finish(job.id, done.has_value(), to_json(last), clock_.wall());
  }));
  if (!done) return Failure(std::move(done).error().within(fmt::format("job {}", job.id)));
  log::info("job {}: {} blobs reviewed, {} removed, {} bytes freed", job.id, last.reviewed,
            last.removed, last.freed_bytes);
  return {};
}

// With the lease in hand, whoever ran a job is gone.
Result<void> CollectorThread::end_abandoned_jobs() {
  return meta_.write(context_, [&](meta::Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const auto jobs, tx.jobs().recent(kJobKind, kRecentJobs));
    for (const meta::Job& job : jobs) {
      if (job.state != "running") continue;
      TRY(tx.jobs().finish(job.id, false, job.progress, clock_.wall()));
    }
    return {};
  });
}

Result<void> CollectorThread::renew_lease() {
  return meta_.write(context_, [&](meta::Transaction& tx) {
    const WallTime now = clock_.wall();
    return tx.jobs().lease(kJobKind, options_.holder, now, now + options_.lease);
  });
}

}  // namespace entrepot::collect
