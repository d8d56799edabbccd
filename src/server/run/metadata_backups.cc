#include "server/run/metadata_backups.h"

#include <algorithm>

#include "base/log.h"
#include "server/run/backup_job.h"

namespace entrepot::server {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kLook{60'000};
constexpr std::chrono::minutes kSettled{1};
constexpr std::chrono::minutes kRetryAfter{10};

std::int64_t unix_seconds(WallTime time) {
  return duration_cast<seconds>(time.time_since_epoch()).count();
}

}  // namespace

MetadataBackups::MetadataBackups(Options options, registry::Stores stores,
                                 metrics::Registry& metrics)
    : options_(std::move(options)),
      folder_(options_.directory, options_.keep),
      stores_(stores),
      running_(
          metrics.gauge("entrepot_backup_running", "1 while the metadata is being backed up.")),
      last_(metrics.gauge("entrepot_backup_last_timestamp_seconds",
                          "When the metadata was backed up last, since 1970; 0: never.")),
      size_(metrics.gauge("entrepot_backup_size_bytes", "Size of the newest backup.")),
      seconds_(metrics.histogram("entrepot_backup_seconds",
                                 "How long backups of the metadata took, those that failed, too.")),
      failed_(
          metrics.counter("entrepot_backup_failed_total", "Backups of the metadata that failed.")),
      due_(first_due()) {
  const auto kept = folder_.names();
  if (kept.empty()) return;
  last_.set(unix_seconds(*backup_time(kept.back())));
  size_.set(static_cast<std::int64_t>(folder_.size_of(kept.back())));
}

// An interval after the newest. A server that begins has other things to do first.
SteadyTime MetadataBackups::first_due() const {
  const SteadyTime now = stores_.clock.steady();
  const SteadyTime soon = now + std::min<milliseconds>(options_.interval, kSettled);
  const auto kept = folder_.names();
  if (kept.empty()) return soon;
  const auto age = stores_.clock.wall() - *backup_time(kept.back());
  if (age < age.zero()) return soon;
  return std::max(soon, now + options_.interval - age);
}

void MetadataBackups::run_if_due(Context& context) {
  if (stores_.clock.steady() < due_ || !stores_.blobs.require_room(context)) return;
  const auto made = make_now(context);
  if (made || made.error().code == ErrorCode::Cancelled) return;
  due_ = stores_.clock.steady() + std::min<milliseconds>(options_.interval, kRetryAfter);
  log::warning("the metadata was not backed up, trying again later: {}", made.error());
}

Result<MadeBackup> MetadataBackups::make_now(Context& context) {
  TRY(stores_.blobs.require_room(context));
  const WallTime now = stores_.clock.wall();
  const SteadyTime begun = std::chrono::steady_clock::now();
  running_.set(1);
  auto made = folder_.make(context, stores_.meta, now);
  running_.set(0);
  const auto took = std::chrono::steady_clock::now() - begun;
  seconds_.observe_micros(
      static_cast<std::uint64_t>(duration_cast<std::chrono::microseconds>(took).count()));
  if (made) {
    due_ = stores_.clock.steady() + options_.interval;
    last_.set(unix_seconds(now));
    size_.set(static_cast<std::int64_t>(made->contents.size_bytes));
    log::info("backed the metadata up as {}", made->name);
  } else if (made.error().code != ErrorCode::Cancelled) {
    failed_.add();
  }
  return made;
}

// Who asked waits, and is told why it failed (the log may be out of reach): so it is not tried
// again by itself, as a job that is Unavailable would be.
Result<Bytes> MetadataBackups::do_job(jobs::Run& run) {
  const auto made = make_now(run.context());
  if (made) return to_json(BackupOutcome{*made, ""});
  if (made.error().code == ErrorCode::Cancelled) return Failure(made.error());
  TRY(run.tell(to_json(BackupOutcome{{}, made.error().message})));
  return fail(ErrorCode::Internal, "{}", made.error().message);
}

jobs::Kind MetadataBackups::kind() {
  jobs::Kind kind{.name = std::string(kBackupJobKind),
                  .who = "backup",
                  .job = [this](jobs::Run& run) { return do_job(run); },
                  .rounds = std::nullopt};
  if (options_.interval.count() > 0) {
    const auto round = [this](jobs::Run& run) -> Result<void> {
      run_if_due(run.context());
      return {};
    };
    kind.rounds = jobs::Rounds{.handler = round, .interval = std::min(options_.interval, kLook)};
  }
  return kind;
}

}  // namespace entrepot::server
