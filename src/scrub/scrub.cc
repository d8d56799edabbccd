#include "scrub/scrub.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <utility>

#include "base/log.h"

namespace entrepot::scrub {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::milliseconds;

namespace {

constexpr std::string_view kPlaceKey = "scrub.place";
constexpr std::string_view kLastKey = "scrub.last";  // µs since 1970
constexpr std::chrono::hours kMeasureInterval{1};
constexpr std::chrono::seconds kProgressInterval{1};
constexpr milliseconds kLookInterval{1'000};  // is it time for the next pass?

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

struct Scrub::Metrics {
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

Scrub::Scrub(registry::Stores stores, registry::Quarantine& quarantine, const Options& options,
             metrics::Registry& metrics)
    : stores_(stores),
      quarantine_(quarantine),
      options_(options),
      pace_(options_.pace),
      metrics_(std::make_unique<Metrics>(metrics)),
      begin_at_(stores_.clock.steady() + options_.settle),
      walk_(stores_, quarantine_, Walk::Rows::Mend) {}

Scrub::~Scrub() = default;

jobs::Kind Scrub::kind() {
  return {.name = std::string(kJobKind),
          .who = "scrub",
          .job = [this](jobs::Run& run) { return do_job(run); },
          .rounds = jobs::Rounds{.handler = [this](jobs::Run& run) { return do_round(run); },
                                 .interval = kLookInterval,
                                 .after_error = options_.retry}};
}

void Scrub::be_humble() {
  if (!std::exchange(is_humble_, true)) become_humble();
}

// Where the last pass was is told even if there will be no other.
Result<void> Scrub::do_round(jobs::Run& run) {
  be_humble();
  if (!loaded_) TRY(load_place(run.context()));
  if (!options_.enabled || stores_.clock.steady() < begin_at_) return {};
  auto done = scrub_all(run);
  if (!done && walk_.place().stage != Stage::End) static_cast<void>(keep_place());
  return done;
}

// The pass that is under way or due, to its end.
Result<void> Scrub::scrub_all(jobs::Run& run) {
  TRY_ASSIGN(bool more, begin_or_resume());
  while (more) {
    TRY(run.rest(microseconds(0)));  // jobs go first
    TRY(measure_again(run.context()));
    const std::uint64_t mended = walk_.counts().mended;
    read_at_ = stores_.clock.steady();
    TRY_ASSIGN(
        more, walk_.step(run.context(), [&](std::size_t bytes) { return rest_after(run, bytes); }));
    metrics_->mended.add(walk_.counts().mended - mended);
    if (!more) return end_pass(run.context());
    if (stores_.clock.steady() - kept_at_ >= options_.keep_place) TRY(keep_place());
  }
  return {};
}

// "" for what was never kept.
Result<std::string> Scrub::kept(Context& context, std::string_view key) {
  auto found = stores_.meta.view<std::string>(
      context, [&](const meta::Snapshot& snapshot) { return snapshot.settings().get(key); });
  if (!found && found.error().code == ErrorCode::NotFound) return std::string();
  return found;
}

Result<void> Scrub::load_place(Context& context) {
  TRY_ASSIGN(const std::string place, kept(context, kPlaceKey));
  TRY_ASSIGN(const std::string last, kept(context, kLastKey));
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

// Is there something to read now?
Result<bool> Scrub::begin_or_resume() {
  const WallTime now = stores_.clock.wall();
  if (pass_.begun > now) pass_.begun = now;  // told by a clock that was put back since
  if (walk_.place().stage != Stage::End) return true;
  if (now < pace_.due(pass_.begun)) return false;
  pass_ = {now, 0};
  walk_.go_to({});
  measured_at_ = {};
  TRY(keep_place());
  return true;
}

Result<void> Scrub::measure_again(Context& context) {
  const SteadyTime now = stores_.clock.steady();
  if (measured_at_ != SteadyTime{} && now - measured_at_ < kMeasureInterval) return {};
  TRY_ASSIGN(total_bytes_, measure(context, stores_.meta));
  measured_at_ = now;
  metrics_->total.set(static_cast<std::int64_t>(total_bytes_));
  metrics_->fits.set(pace_.fits(total_bytes_) ? 1 : 0);
  return {};
}

Result<void> Scrub::rest_after(jobs::Run& run, std::size_t bytes) {
  metrics_->bytes.add(bytes);
  pass_.done_bytes += bytes;
  metrics_->pass.set(static_cast<std::int64_t>(pass_.done_bytes));
  const auto took = duration_cast<microseconds>(stores_.clock.steady() - read_at_);
  const std::uint64_t left = total_bytes_ - std::min<std::uint64_t>(pass_.done_bytes, total_bytes_);
  const auto rate = pace_.bytes_per_second(left, stores_.clock.wall(), pace_.due(pass_.begun));
  TRY(run.rest(std::max(Pace::rest(bytes, took, rate), microseconds(0))));
  read_at_ = stores_.clock.steady();
  return {};
}

Result<void> Scrub::keep_place() {
  Context unhindered("scrub");  // also at the end
  const std::string text = fmt::format("{} {} {}", to_unix_micros(pass_.begun), pass_.done_bytes,
                                       to_text(walk_.place()));
  TRY(stores_.meta.write(
      unhindered, [&](meta::Transaction& tx) { return tx.settings().set(kPlaceKey, text); }));
  kept_at_ = stores_.clock.steady();
  return {};
}

Result<void> Scrub::end_pass(Context& context) {
  TRY(keep_place());
  const auto now = to_unix_micros(stores_.clock.wall());
  TRY(stores_.meta.write(context, [&](meta::Transaction& tx) {
    return tx.settings().set(kLastKey, std::to_string(now));
  }));
  metrics_->last.set(now / 1'000'000);
  log::info("scrub: all is verified, {} bytes", pass_.done_bytes);
  return {};
}

Result<Bytes> Scrub::do_job(jobs::Run& run) {
  be_humble();
  TRY_ASSIGN(const Request request, parse_request(run.arguments()));
  std::uint64_t mended = 0;
  SteadyTime told = stores_.clock.steady();
  const auto after_step = [&](const Report& report) -> Result<void> {
    metrics_->mended.add(report.counts.mended - std::exchange(mended, report.counts.mended));
    if (stores_.clock.steady() - told < kProgressInterval) return run.context().alive();
    told = stores_.clock.steady();
    return run.tell(to_json(report));
  };
  TRY_ASSIGN(const Report done,
             check_all(run.context(), stores_, quarantine_, request, after_step));
  log::info("job {}: {} bytes verified, {} mended, {} damaged", run.id(), done.counts.bytes,
            done.counts.mended, done.left);
  return to_json(done);
}

}  // namespace entrepot::scrub
