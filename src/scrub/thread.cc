#include "scrub/thread.h"

#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>

#include "base/log.h"
#include "base/memory.h"

namespace entrepot::scrub {

using std::chrono::duration_cast;
using std::chrono::microseconds;

namespace {

constexpr std::string_view kPlaceKey = "scrub.place";
constexpr std::string_view kLastKey = "scrub.last";  // µs since 1970
constexpr std::chrono::hours kMeasureInterval{1};
constexpr std::chrono::seconds kLease{60};
constexpr std::chrono::seconds kProgressInterval{1};
constexpr microseconds kLongestRest = std::chrono::seconds(1);  // jobs are looked for in between

// The last in line for the processor and the disk, but not behind everybody for ever.
void become_humble() {
  constexpr int kWhoThread = 1;  // IOPRIO_WHO_PROCESS: this thread
  constexpr int kBestEffortLowest = 2 << 13 | 7;
  static_cast<void>(::setpriority(PRIO_PROCESS, static_cast<id_t>(::gettid()), 19));
  static_cast<void>(::syscall(SYS_ioprio_set, kWhoThread, 0, kBestEffortLowest));
}

// "<begun, µs since 1970> <bytes done> <place>"; zero for what is not there.
template <class Number>
Number take_number(std::string_view& text) {
  Number number = 0;
  const auto end = std::from_chars(text.data(), text.data() + text.size(), number).ptr;
  text.remove_prefix(
      std::min<std::size_t>(static_cast<std::size_t>(end - text.data()) + 1, text.size()));
  return number;
}

}  // namespace

struct ScrubThread::Metrics {
  explicit Metrics(metrics::Registry& metrics)
      : bytes(metrics.counter("entrepot_scrub_bytes_total",
                              "Bytes at rest that were read and compared with their digests.")),
        last(metrics.gauge("entrepot_scrub_last_timestamp_seconds",
                           "When all bytes had been verified last, since 1970; 0: never.")),
        pass(metrics.gauge("entrepot_scrub_pass_bytes", "Verified in the pass that is under way.")),
        total(metrics.gauge("entrepot_scrub_all_bytes", "What a pass has to verify.")),
        fits(metrics.gauge("entrepot_scrub_fits",
                           "1 when all bytes can be read within scrub.period at scrub.rate, "
                           "else 0.")),
        mended(metrics.counter("entrepot_mended_total",
                               "Manifests whose rows were made anew from their bytes, and marks "
                               "of damage that were wrong.")) {
    fits.set(1);
  }

  metrics::Counter& bytes;
  metrics::Gauge& last;
  metrics::Gauge& pass;
  metrics::Gauge& total;
  metrics::Gauge& fits;
  metrics::Counter& mended;
};

ScrubThread::ScrubThread(registry::Stores stores, registry::Quarantine& quarantine, Options options,
                         metrics::Registry& metrics)
    : stores_(stores),
      quarantine_(quarantine),
      options_(std::move(options)),
      pace_(options_.pace),
      metrics_(std::make_unique<Metrics>(metrics)),
      walk_(stores_, quarantine_, Walk::Rows::Mend),
      next_try_(stores_.clock.steady() + options_.settle),
      thread_([this] { run(); }) {
  pthread_setname_np(thread_.native_handle(), "scrub");
}

ScrubThread::~ScrubThread() {
  {
    const std::lock_guard lock(mutex_);
    ending_ = true;
  }
  context_.cancel();
  wakeup_.notify_all();
  thread_.join();
}

bool ScrubThread::wait(microseconds time) {
  std::unique_lock lock(mutex_);
  return !wakeup_.wait_for(lock, time, [this] { return ending_; });
}

void ScrubThread::run() {
  become_humble();
  do {
    if (!had_memory([this] { work_or_rest(); })) {
      next_try_ = stores_.clock.steady() + options_.retry;
    }
  } while (wait(is_at_work() ? microseconds(0) : options_.job_poll));
  static_cast<void>(had_memory([this] {
    if (loaded_ && walk_.place().stage != Stage::End) static_cast<void>(keep_place());
  }));
}

void ScrubThread::work_or_rest() {
  const auto worked = work();
  if (worked || worked.error().code == ErrorCode::Cancelled) return;
  next_try_ = stores_.clock.steady() + options_.retry;
  log::warning("the scrub stopped, and tries again later: {}", worked.error());
}

// In the middle of a pass, which only looked for jobs.
bool ScrubThread::is_at_work() const {
  return options_.enabled && loaded_ && walk_.place().stage != Stage::End &&
         stores_.clock.steady() >= next_try_;
}

Result<void> ScrubThread::work() {
  if (!loaded_) TRY(load_place());
  bool more = true;
  while (more) {
    TRY_ASSIGN(more, run_a_job());
  }
  next_look_ = stores_.clock.steady() + options_.job_poll;
  if (!options_.enabled || stores_.clock.steady() < next_try_) return {};
  return scrub_for_a_while();
}

// Until it is time to look for jobs.
Result<void> ScrubThread::scrub_for_a_while() {
  TRY(begin_or_resume());
  while (!waits_for_next_ && stores_.clock.steady() < next_look_) {
    TRY(context_.alive());
    TRY(measure_again());
    const std::uint64_t mended = walk_.counts().mended;
    read_at_ = stores_.clock.steady();
    TRY_ASSIGN(const bool more,
               walk_.step(context_, [this](std::size_t bytes) { return rest_after(bytes); }));
    metrics_->mended.add(walk_.counts().mended - mended);
    if (!more) return end_pass();
    if (stores_.clock.steady() - kept_at_ >= options_.keep_place) TRY(keep_place());
  }
  return {};
}

// "" for what was never kept.
Result<std::string> ScrubThread::kept(std::string_view key) {
  TRY_ASSIGN(auto found,
             if_there(stores_.meta.view<std::string>(context_, [&](const meta::Snapshot& snapshot) {
               return snapshot.settings().get(key);
             })));
  return std::move(found).value_or("");
}

Result<void> ScrubThread::load_place() {
  TRY_ASSIGN(const std::string place, kept(kPlaceKey));
  TRY_ASSIGN(const std::string last, kept(kLastKey));
  walk_.go_to({Stage::End, "", std::nullopt});  // of a pass long ago
  if (!place.empty()) {
    std::string_view text = place;
    pass_.begun = from_unix_micros(take_number<std::int64_t>(text));
    pass_.done_bytes = take_number<std::uint64_t>(text);
    walk_.go_to(parse_place(text));
  }
  std::string_view text = last;
  metrics_->last.set(take_number<std::int64_t>(text) / 1'000'000);
  metrics_->pass.set(static_cast<std::int64_t>(pass_.done_bytes));
  kept_at_ = stores_.clock.steady();
  loaded_ = true;
  return {};
}

Result<void> ScrubThread::begin_or_resume() {
  const WallTime now = stores_.clock.wall();
  if (pass_.begun > now) pass_.begun = now;  // told by a clock that was put back since
  waits_for_next_ = walk_.place().stage == Stage::End && now < pace_.due(pass_.begun);
  if (waits_for_next_ || walk_.place().stage != Stage::End) return {};
  pass_ = {now, 0};
  walk_.go_to({});
  measured_at_ = {};
  return keep_place();
}

Result<void> ScrubThread::measure_again() {
  const SteadyTime now = stores_.clock.steady();
  if (measured_at_ != SteadyTime{} && now - measured_at_ < kMeasureInterval) return {};
  TRY_ASSIGN(total_bytes_, measure(context_, stores_.meta));
  measured_at_ = now;
  metrics_->total.set(static_cast<std::int64_t>(total_bytes_));
  metrics_->fits.set(pace_.fits(total_bytes_) ? 1 : 0);
  return {};
}

// In short naps, so that a job is seen while a large blob is being read slowly.
Result<void> ScrubThread::rest_after(std::size_t bytes) {
  metrics_->bytes.add(bytes);
  pass_.done_bytes += bytes;
  metrics_->pass.set(static_cast<std::int64_t>(pass_.done_bytes));
  const auto took = duration_cast<microseconds>(stores_.clock.steady() - read_at_);
  const std::uint64_t left = total_bytes_ - std::min<std::uint64_t>(pass_.done_bytes, total_bytes_);
  const auto rate = pace_.bytes_per_second(left, stores_.clock.wall(), pace_.due(pass_.begun));
  auto rest = Pace::rest(bytes, took, rate);
  while (rest.count() > 0) {
    const auto nap = std::min(rest, kLongestRest);
    if (!wait(nap)) return context_.alive();
    rest -= nap;
    if (stores_.clock.steady() < next_look_) continue;
    TRY(run_a_job());
    next_look_ = stores_.clock.steady() + options_.job_poll;
  }
  read_at_ = stores_.clock.steady();
  return {};
}

Result<void> ScrubThread::keep_place() {
  Context unhindered("scrub");  // also at the end
  const std::string text = fmt::format("{} {} {}", to_unix_micros(pass_.begun), pass_.done_bytes,
                                       to_text(walk_.place()));
  TRY(stores_.meta.write(
      unhindered, [&](meta::Transaction& tx) { return tx.settings().set(kPlaceKey, text); }));
  kept_at_ = stores_.clock.steady();
  return {};
}

Result<void> ScrubThread::end_pass() {
  TRY(keep_place());
  const auto now = to_unix_micros(stores_.clock.wall());
  TRY(stores_.meta.write(context_, [&](meta::Transaction& tx) {
    return tx.settings().set(kLastKey, std::to_string(now));
  }));
  metrics_->last.set(now / 1'000'000);
  log::info("scrub: all is verified, {} bytes", pass_.done_bytes);
  return {};
}

Result<void> ScrubThread::hold_lease() {
  return stores_.meta.write(context_, [&](meta::Transaction& tx) {
    const WallTime now = stores_.clock.wall();
    return tx.jobs().lease(kJobKind, options_.holder, now, now + kLease);
  });
}

// Looks without the writer first: there is no job, mostly.
Result<bool> ScrubThread::run_a_job() {
  TRY_ASSIGN(const auto recent, stores_.meta.view<std::vector<meta::Job>>(
                                    context_, [](const meta::Snapshot& snapshot) {
                                      return snapshot.jobs().recent(kJobKind, 16);
                                    }));
  const auto waits = [](const meta::Job& job) {
    return job.state == "queued" || job.state == "running";
  };
  if (std::none_of(recent.begin(), recent.end(), waits)) return false;
  TRY(hold_lease());
  // With the lease in hand, whoever ran a job is gone.
  for (const meta::Job& job : recent) {
    if (job.state != "running") continue;
    TRY(stores_.meta.write(context_, [&](meta::Transaction& tx) {
      return tx.jobs().finish(job.id, false, job.progress, stores_.clock.wall());
    }));
  }
  TRY_ASSIGN(const auto job,
             if_there(stores_.meta.transact<meta::Job>(context_, [&](meta::Transaction& tx) {
               return tx.jobs().claim(kJobKind, stores_.clock.wall());
             })));
  if (!job) return false;
  TRY(do_job(*job));
  return true;
}

Result<void> ScrubThread::do_job(const meta::Job& job) {
  Report last;
  SteadyTime told = stores_.clock.steady();
  const auto after_step = [&](const Report& report) -> Result<void> {
    last = report;
    if (stores_.clock.steady() - told < kProgressInterval) return context_.alive();
    told = stores_.clock.steady();
    TRY(stores_.meta.write(context_, [&](meta::Transaction& tx) {
      return tx.jobs().progress(job.id, to_json(report));
    }));
    return hold_lease();
  };
  const auto request = parse_request(job.arguments);
  Result<Report> done = fail(ErrorCode::InvalidArgument, "not a request");
  if (request) done = check_all(context_, stores_, quarantine_, *request, after_step);
  if (done) last = *done;
  Context unhindered("scrub");  // also when this one was cancelled: the job must not hang
  TRY(stores_.meta.write(unhindered, [&](meta::Transaction& tx) {
    return tx.jobs().finish(job.id, done.has_value(), to_json(last), stores_.clock.wall());
  }));
  metrics_->mended.add(last.counts.mended);
  if (!done) return Failure(std::move(done).error().within(fmt::format("job {}", job.id)));
  log::info("job {}: {} bytes verified, {} mended, {} damaged", job.id, last.counts.bytes,
            last.counts.mended, last.left);
  return {};
}

}  // namespace entrepot::scrub
