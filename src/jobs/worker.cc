#include "jobs/worker.h"

#include <pthread.h>

#include <algorithm>

#include "base/log.h"
#include "base/memory.h"

namespace entrepot::jobs {

using std::chrono::microseconds;
using std::chrono::milliseconds;

namespace {

// Between two looks for jobs when the last one failed: the store is in trouble.
constexpr milliseconds kTroublePause{10'000};

bool may_pass(ErrorCode code) {
  return code == ErrorCode::Unavailable || code == ErrorCode::Timeout;
}

}  // namespace

class Runner::Worker::RoundRun final : public Run {
 public:
  explicit RoundRun(Worker& worker) : worker_(worker) {}

  Context& context() override { return worker_.context_; }
  std::int64_t id() const override { return 0; }
  ByteView arguments() const override { return {}; }
  ByteView progress() const override { return {}; }
  Result<void> tell(ByteView) override {
    TRY(worker_.hold_lease());
    return context().alive();
  }
  Result<void> rest(microseconds time) override { return worker_.rest(time, /*in_round=*/true); }

 private:
  Worker& worker_;
};

class Runner::Worker::JobRun final : public Run {
 public:
  JobRun(Worker& worker, meta::Job job) : worker_(worker), job_(std::move(job)) {}

  Context& context() override { return worker_.context_; }
  std::int64_t id() const override { return job_.id; }
  ByteView arguments() const override { return job_.arguments; }
  ByteView progress() const override { return job_.progress; }

  Result<void> tell(ByteView progress) override {
    job_.progress = Bytes(progress);
    const auto wished =
        worker_.meta_.transact<bool>(context(), [this](meta::Transaction& tx) -> Result<bool> {
          TRY(worker_.hold_lease(tx));
          return tx.jobs().progress(job_.id, worker_.options_.owner, job_.progress);
        });
    if (!wished) return note_loss(wished.error());
    worker_.note_lease();
    is_wished_to_end_ = *wished;
    if (is_wished_to_end_) return fail(ErrorCode::Cancelled, "somebody wants it to end");
    return context().alive();
  }

  Result<void> rest(microseconds time) override {
    const auto rested = worker_.rest(time, /*in_round=*/false);
    if (!rested) return note_loss(rested.error());
    return {};
  }

  std::int64_t attempts() const { return job_.attempts; }
  bool is_lost() const { return is_lost_; }
  bool is_wished_to_end() const { return is_wished_to_end_; }

 private:
  Failure note_loss(const Error& error) {
    is_lost_ = error.code == ErrorCode::Conflict;
    return Failure(error);
  }

  Worker& worker_;
  meta::Job job_;
  bool is_lost_ = false;
  bool is_wished_to_end_ = false;
};

Runner::Worker::Worker(meta::Store& meta, const Clock& clock, const Options& options, Kind kind)
    : meta_(meta),
      clock_(clock),
      options_(options),
      kind_(std::move(kind)),
      context_(kind_.who),
      next_round_(clock.steady()),
      thread_([this] { run(); }) {
  pthread_setname_np(thread_.native_handle(), kind_.who.c_str());
}

Runner::Worker::~Worker() {
  stop();
  thread_.join();
}

void Runner::Worker::stop() {
  {
    const MutexLock lock(mutex_);
    context_.cancel();
  }
  wakeup_.notify_all();
}

bool Runner::Worker::wait(microseconds time) {
  const auto until = std::chrono::steady_clock::now() + time;
  const MutexLock lock(mutex_);
  while (!context_.cancelled() && wakeup_.wait_until(mutex_, until)) {
  }
  return !context_.cancelled();
}

void Runner::Worker::run() {
  do {
    static_cast<void>(had_memory([this] { look(); }));  // else at the next look
  } while (wait(until_next_look()));
  static_cast<void>(had_memory([this] { tell_trouble(release_lease()); }));
}

void Runner::Worker::look() {
  if (kind_.job) {
    const auto done = do_jobs();
    in_trouble_ = !done;
    tell_trouble(done);
  }
  next_look_ = clock_.steady() + options_.poll;
  if (!kind_.rounds || context_.cancelled() || clock_.steady() < next_round_) return;
  tell_trouble(do_round());
}

void Runner::Worker::tell_trouble(const Result<void>& done) {
  if (done || done.error().code == ErrorCode::Cancelled) return;
  log::warning("the {} stopped, and tries again later: {}", kind_.who, done.error());
}

milliseconds Runner::Worker::until_next_look() const {
  const milliseconds most = in_trouble_ ? kTroublePause : options_.poll;
  if (!kind_.rounds) return most;
  const auto left = std::chrono::ceil<milliseconds>(next_round_ - clock_.steady());
  return std::clamp(left, milliseconds(0), most);
}

Result<void> Runner::Worker::do_round() {
  const Rounds& rounds = *kind_.rounds;
  // Also for want of memory.
  next_round_ = clock_.steady() + std::max(rounds.interval, rounds.after_error);
  const auto held = hold_lease();
  if (!held) {
    if (held.error().code != ErrorCode::Conflict) return held;
    next_round_ = clock_.steady() + rounds.interval;
    return {};  // another process is at it
  }
  RoundRun run(*this);
  TRY(rounds.handler(run));
  next_round_ = clock_.steady() + rounds.interval;
  return {};
}

// Looks without the writer first: there is no job, mostly.
Result<void> Runner::Worker::do_jobs() {
  while (!context_.cancelled()) {
    TRY_ASSIGN(const bool waits, meta_.view<bool>(context_, [this](const meta::Snapshot& snapshot) {
      return snapshot.jobs().waits(kind_.name);
    }));
    if (!waits) return {};
    TRY_ASSIGN(auto job, claim());
    if (!job) return {};
    TRY(do_job(std::move(*job)));
  }
  return {};
}

// Nothing when another process was faster, or holds the lease.
Result<std::optional<meta::Job>> Runner::Worker::claim() {
  auto job =
      meta_.transact<meta::Job>(context_, [this](meta::Transaction& tx) -> Result<meta::Job> {
        TRY(hold_lease(tx));
        return tx.jobs().claim(kind_.name, options_.owner);
      });
  if (job) {
    note_lease();
    return std::optional(std::move(*job));
  }
  const ErrorCode code = job.error().code;
  if (code == ErrorCode::NotFound || code == ErrorCode::Conflict) return std::nullopt;
  return propagate(std::move(job));
}

Result<void> Runner::Worker::do_job(meta::Job job) {
  const bool is_wished_to_end = job.cancel_wished;
  JobRun run(*this, std::move(job));
  if (is_wished_to_end) return finish(run, meta::JobEnd::Cancelled, run.progress());
  if (run.attempts() > options_.attempts) {
    log::warning("the {} gives up job {}: whoever ran it ended before it did, {} times", kind_.who,
                 run.id(), options_.attempts);
    return finish(run, meta::JobEnd::Failed, run.progress());
  }
  return settle(run, kind_.job(run));
}

Result<void> Runner::Worker::settle(const JobRun& run, const Result<Bytes>& done) {
  if (done) return finish(run, meta::JobEnd::Done, *done);
  if (run.is_lost()) {
    log::info("job {}: another process goes on with it", run.id());
    return {};
  }
  if (run.is_wished_to_end()) {
    log::info("job {} was cancelled", run.id());
    return finish(run, meta::JobEnd::Cancelled, run.progress());
  }
  return settle_failure(run, done.error());
}

Result<void> Runner::Worker::settle_failure(const JobRun& run, const Error& error) {
  if (context_.cancelled()) return put_back(run, milliseconds(0), /*counts=*/false);
  if (error.code == ErrorCode::Cancelled) {
    return put_back(run, options_.most_retry, /*counts=*/false);
  }
  log::warning("the {} stopped, and tries again later: job {}: {}", kind_.who, run.id(), error);
  if (may_pass(error.code) && run.attempts() < options_.attempts) {
    return put_back(run, retry_after(run.attempts()), /*counts=*/true);
  }
  return finish(run, meta::JobEnd::Failed, run.progress());
}

milliseconds Runner::Worker::retry_after(std::int64_t attempts) const {
  milliseconds after = options_.retry;
  for (std::int64_t i = 1; i < attempts && after < options_.most_retry; ++i) after *= 2;
  return std::min(after, options_.most_retry);
}

// Both also when the process ends; and both are right when another process owns the job by now.
Result<void> Runner::Worker::put_back(const JobRun& run, milliseconds after, bool counts) {
  Context unhindered(kind_.who);
  const meta::PutBack how{Bytes(run.progress()), after, counts};
  auto done = meta_.write(unhindered, [&](meta::Transaction& tx) {
    return tx.jobs().put_back(run.id(), options_.owner, how);
  });
  if (!done && done.error().code == ErrorCode::Conflict) return {};
  return done;
}

Result<void> Runner::Worker::finish(const JobRun& run, meta::JobEnd end, ByteView progress) {
  Context unhindered(kind_.who);
  auto done = meta_.write(unhindered, [&](meta::Transaction& tx) {
    return tx.jobs().finish(run.id(), options_.owner, end, progress, clock_.wall());
  });
  if (!done && done.error().code == ErrorCode::Conflict) return {};
  return done;
}

Result<void> Runner::Worker::rest(microseconds time, bool in_round) {
  do {
    const auto nap = std::min<microseconds>(time, options_.poll);
    if (!wait(nap)) return context_.alive();
    time -= nap;
    TRY(hold_lease());
    if (!in_round || !kind_.job || clock_.steady() < next_look_) continue;
    TRY(do_jobs());
    next_look_ = clock_.steady() + options_.poll;
  } while (time.count() > 0);
  return context_.alive();
}

// Extends it once half of it has gone, so that who works in small steps does not write at each.
Result<void> Runner::Worker::hold_lease() {
  if (options_.sole || clock_.steady() + options_.lease / 2 < held_until_) return {};
  TRY(meta_.write(context_, [this](meta::Transaction& tx) { return hold_lease(tx); }));
  note_lease();
  return {};
}

Result<void> Runner::Worker::hold_lease(meta::Transaction& tx) const {
  if (options_.sole) return {};
  return tx.jobs().lease(kind_.name, options_.owner, options_.lease);
}

void Runner::Worker::note_lease() { held_until_ = clock_.steady() + options_.lease; }

Result<void> Runner::Worker::release_lease() {
  if (options_.sole || held_until_ == SteadyTime{}) return {};
  Context unhindered(kind_.who);
  return meta_.write(unhindered, [this](meta::Transaction& tx) {
    return tx.jobs().release(kind_.name, options_.owner);
  });
}

}  // namespace entrepot::jobs
