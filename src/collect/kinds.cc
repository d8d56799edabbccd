#include "collect/kinds.h"

#include "base/log.h"
#include "collect/job.h"

namespace entrepot::collect {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kRetentionInterval{60'000};

Progress sum(const Progress& earlier, Progress now) {
  now.untagged += earlier.untagged;
  now.reviewed += earlier.reviewed;
  now.kept += earlier.kept;
  now.removed += earlier.removed;
  now.freed_bytes += earlier.freed_bytes;
  now.failed += earlier.failed;
  return now;
}

// What is there to be counted on from. Progress that is not understood counts for none.
Progress done_before(const jobs::Run& run, const Request& request) {
  if (request.dry_run || run.progress().empty()) return {};
  return parse_progress(run.progress()).value_or(Progress{});
}

Result<Bytes> do_job(Collector& collector, jobs::Run& run, milliseconds pause) {
  TRY_ASSIGN(const Request request, parse_request(run.arguments()));
  const Progress before = done_before(run, request);
  const auto after_step = [&](const Progress& progress) -> Result<void> {
    TRY(run.tell(to_json(sum(before, progress))));
    return run.rest(pause);
  };
  TRY_ASSIGN(const Progress now, collector.run(run.context(), request, after_step));
  const Progress done = sum(before, now);
  log::info("job {}: {} blobs reviewed, {} removed, {} bytes freed", run.id(), done.reviewed,
            done.removed, done.freed_bytes);
  return to_json(done);
}

Result<void> collect_what_is_due(Collector& collector, jobs::Run& run, milliseconds pause) {
  bool more = true;
  while (more) {
    TRY_ASSIGN(const Collector::Step step, collector.run_due(run.context()));
    if (step.done.removed > 0) {
      log::info("collected {} blobs, {} bytes", step.done.removed, step.done.freed_bytes);
    }
    more = step.more;
    if (more) TRY(run.rest(pause));
  }
  return {};
}

Result<void> forget_what_is_old(Retention& retention, jobs::Run& run, milliseconds pause) {
  bool more = true;
  while (more) {
    const auto stepped = retention.step(run.context());
    if (!stepped && stepped.error().code != ErrorCode::Cancelled) {
      log::warning("what is old was not forgotten, trying again later: {}", stepped.error());
    }
    more = stepped && *stepped;
    if (more) TRY(run.rest(pause));
  }
  return {};
}

void purge_uploads(registry::Uploads& uploads, Context& context) {
  const auto purged = uploads.purge(context);
  if (!purged && purged.error().code != ErrorCode::Cancelled) {
    log::warning("abandoned uploads were not purged, trying again later: {}", purged.error());
  } else if (purged && *purged > 0) {
    log::info("purged {} abandoned uploads", *purged);
  }
}

}  // namespace

jobs::Kind collector_kind(Collector& collector, const CollectorRounds& rounds) {
  const auto round = [&collector, rounds](jobs::Run& run) -> Result<void> {
    if (rounds.enabled) return collect_what_is_due(collector, run, rounds.pause);
    // So that time in which a server ran is told from time in which none did.
    return collector.settle_clock(run.context());
  };
  const auto job = [&collector, pause = rounds.pause](jobs::Run& run) {
    return do_job(collector, run, pause);
  };
  return {.name = std::string(kJobKind),
          .who = "collector",
          .job = job,
          .rounds = jobs::Rounds{.handler = round, .interval = rounds.interval}};
}

jobs::Kind retention_kind(Retention& retention, milliseconds pause) {
  const auto round = [&retention, pause](jobs::Run& run) {
    return forget_what_is_old(retention, run, pause);
  };
  return {.name = "retention",
          .who = "retention",
          .job = nullptr,
          .rounds = jobs::Rounds{.handler = round, .interval = kRetentionInterval}};
}

jobs::Kind uploads_kind(registry::Uploads& uploads, milliseconds interval) {
  const auto round = [&uploads](jobs::Run& run) -> Result<void> {
    purge_uploads(uploads, run.context());
    return {};
  };
  return {.name = "uploads",
          .who = "uploads",
          .job = nullptr,
          .rounds = jobs::Rounds{.handler = round, .interval = interval}};
}

}  // namespace entrepot::collect
