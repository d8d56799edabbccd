#include "collect/collector.h"

#include <algorithm>
#include <set>

#include "base/log.h"
#include "collect/foresight.h"
#include "collect/untagged.h"

namespace entrepot::collect {

using oci::Digest;

namespace {

constexpr std::string_view kPausedKey = "collect.paused";
constexpr std::size_t kManifestsPerPurge = 200;
constexpr std::size_t kShiftedATime = 1000;
constexpr std::size_t kForeseen = 1'000'000;  // reviews that a dry run looks at, at most

Result<bool> read_paused(const meta::Settings& settings) {
  TRY_ASSIGN(const auto value, if_there(settings.get(kPausedKey)));
  return value == "true";
}

// So much of the delay may be missed when a process begins; two reads of a clock take time, too.
std::chrono::microseconds tolerance(std::chrono::microseconds delay) {
  const std::chrono::microseconds least = std::chrono::seconds(1);
  return std::clamp<std::chrono::microseconds>(delay / 24, least, registry::kClockTolerance);
}

bool ends_work(const Error& error) {
  return error.code == ErrorCode::Cancelled || error.code == ErrorCode::Timeout;
}

}  // namespace

struct Collector::Metrics {
  explicit Metrics(metrics::Registry& registry)
      : queue(registry.gauge("entrepot_collector_queue_length",
                             "Blobs that wait for a review, due or not.")),
        paused(registry.gauge("entrepot_collector_paused", "1 while the collector is paused.")),
        reviewed(registry.counter("entrepot_collector_reviewed_total", "Blobs looked at.")),
        kept(registry.counter("entrepot_collector_kept_total", "Reviewed blobs that stayed.")),
        removed(registry.counter("entrepot_collector_removed_total", "Blobs removed.")),
        freed(registry.counter("entrepot_collector_freed_bytes_total",
                               "Bytes of the blobs that were removed.")),
        failed(registry.counter("entrepot_collector_failed_total",
                                "Reviews that ended with an error and are tried again later.")),
        strays(registry.counter("entrepot_collector_strays_total",
                                "Blobs found that no repository has, queued for review.")),
        uploads(registry.counter("entrepot_uploads_purged_total", "Abandoned uploads dropped.")),
        step_seconds(registry.histogram("entrepot_collector_step_seconds",
                                        "How long the steps of the collector took.")) {}

  metrics::Gauge& queue;
  metrics::Gauge& paused;
  metrics::Counter& reviewed;
  metrics::Counter& kept;
  metrics::Counter& removed;
  metrics::Counter& freed;
  metrics::Counter& failed;
  metrics::Counter& strays;
  metrics::Counter& uploads;
  metrics::Histogram& step_seconds;
};

Collector::Collector(registry::Stores stores, registry::Uploads& uploads,
                     registry::Remover& remover, Options options, metrics::Registry& metrics)
    : stores_(stores),
      uploads_(uploads),
      remover_(remover),
      options_(options),
      metrics_(std::make_unique<Metrics>(metrics)),
      clock_watch_(stores.meta, stores_.even, kClockKey, tolerance(options.delay)),
      ages_(stores.meta, stores_.even, "collect.ages"),
      reviewer_(stores),
      sweeper_(stores) {}

Collector::~Collector() = default;

Result<Collector::Step> Collector::run_due(Context& context) {
  TRY(settle_clock(context));
  TRY_ASSIGN(const bool is_paused, paused(context));
  metrics_->paused.set(is_paused ? 1 : 0);
  Step step;
  if (is_paused) return step;
  const SteadyTime begin = stores_.clock.steady();
  TRY(purge_uploads_if_time(context));
  TRY(sweep_if_time(context));
  const Terms terms = terms_now(options_.delay);
  TRY_ASSIGN(const bool more_manifests, purge_some(context, terms));
  TRY_ASSIGN(const bool more_blobs, review_some(context, terms, step.done));
  step.more = more_manifests || more_blobs;
  TRY(count_left(context, step.done));
  const auto took = stores_.clock.steady() - begin;
  metrics_->step_seconds.observe_micros(static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::microseconds>(took).count()));
  return step;
}

Result<Progress> Collector::run(Context& context, const Request& request,
                                const AfterStep& after_step) {
  Progress progress;
  TRY(settle_clock(context));
  auto delay = options_.delay;
  if (request.delay && *request.delay < delay) delay = *request.delay;

  if (request.dry_run) {
    return foresee(context, request, terms_now(delay), after_step);
  }
  if (request.delete_untagged) {
    UntaggedManifests untagged(stores_, remover_);
    TRY_ASSIGN(progress.untagged,
               untagged.remove(context, terms_now(delay).old_before, [&](std::uint64_t removed) {
                 progress.untagged = removed;
                 return after_step(progress);
               }));
  }
  TRY(sweep_all(context, progress, after_step));

  // After what was queued just now, which therefore is judged, too.
  const Terms terms = terms_now(delay);
  bool more = true;
  while (more) {
    TRY_ASSIGN(const bool more_manifests, purge_some(context, terms));
    TRY_ASSIGN(const bool more_blobs, review_some(context, terms, progress));
    TRY(count_left(context, progress));
    TRY(after_step(progress));
    more = more_manifests || more_blobs;
  }
  return progress;
}

// What a process before this one stamped may look older than it is.
Terms Collector::terms_now(std::chrono::microseconds delay) const {
  Terms terms = Terms::at(stores_.even.wall(), options_.delay, delay);
  terms.old_before = std::min(terms.old_before, ages_.before(delay));
  return terms;
}

// In many short transactions: pushes go on beside. Begun again after it broke off, it may move some
// twice, but none beyond a whole delay from then.
Result<void> Collector::shift_reviews(Context& context, std::chrono::microseconds by) {
  std::optional<Digest> last;
  do {
    TRY_ASSIGN(last, stores_.meta.transact<std::optional<Digest>>(
                         context,
                         [&](meta::Transaction& tx) {
                           const WallTime latest = stores_.even.wall() + options_.delay;
                           return tx.reviews().shift(by, latest, last, kShiftedATime);
                         },
                         meta::Weight::Large));
  } while (last);
  return {};
}

Result<void> Collector::settle_clock(Context& context) {
  TRY(ages_.look(context));
  TRY_ASSIGN(const registry::ClockLook now, clock_watch_.look(context));
  if (now.jump.count() != 0) {
    TRY(shift_reviews(context, std::max(now.jump, std::chrono::microseconds(0))));
    const auto hours = std::chrono::duration_cast<std::chrono::hours>(now.jump).count();
    if (hours > 0) {
      log::info("no server ran for {} hours, which do not count for what waits to be collected",
                hours);
    } else if (hours < 0) {
      log::warning(
          "the clock is {} hours behind the last server's; what waits to be collected goes"
          " on waiting",
          -hours);
    }
  }
  return clock_watch_.settle(context, now);
}

// Drops the rows of manifests that were deleted a delay ago. Their blobs were queued then; one that
// an earlier review kept for the manifest's sake is queued anew, and waits as all do: somebody may
// have pushed it just now who found that it was needed.
Result<bool> Collector::purge_some(Context& context, const Terms& terms) {
  const auto purge = [&](meta::Transaction& tx) -> Result<bool> {
    TRY_ASSIGN(const auto freed,
               tx.manifests().purge_removed(terms.old_before, kManifestsPerPurge));
    for (const Digest& digest : freed) {
      TRY_ASSIGN(const bool known, is_there(tx.blobs().find_anywhere(digest)));
      TRY_ASSIGN(const bool waits, tx.reviews().contains(digest));
      if (known && !waits) TRY(tx.reviews().push_back(digest, terms.now + terms.delay));
    }
    return !freed.empty();
  };
  return stores_.meta.transact<bool>(context, purge, meta::Weight::Large);
}

// True when more is due.
Result<bool> Collector::review_some(Context& context, const Terms& terms, Progress& progress) {
  const SteadyTime end = stores_.clock.steady() + options_.step_time;
  TRY_ASSIGN(
      const auto due,
      stores_.meta.view<std::vector<meta::Review>>(context, [&](const meta::Snapshot& snapshot) {
        return snapshot.reviews().due(terms.horizon, options_.reviews_per_step);
      }));
  for (const meta::Review& review : due) {
    TRY(context.alive());
    TRY(review_one(context, review.digest, terms, progress));
    if (stores_.clock.steady() > end) return true;
  }
  return due.size() == options_.reviews_per_step;
}

Result<void> Collector::review_one(Context& context, const Digest& digest, const Terms& terms,
                                   Progress& progress) {
  const auto outcome = reviewer_.review(context, digest, terms);
  if (!outcome) {
    if (ends_work(outcome.error())) return Failure(outcome.error());
    log::warning("reviewing {}, again later: {}", digest.to_string(), outcome.error());
    ++progress.failed;
    metrics_->failed.add();
    return stores_.meta.write(context, [&](meta::Transaction& tx) {
      return tx.reviews().push_back(digest, terms.horizon + options_.retry_after);
    });
  }
  if (outcome->verdict == Verdict::Later) return {};
  ++progress.reviewed;
  metrics_->reviewed.add();
  if (outcome->verdict == Verdict::Kept) {
    ++progress.kept;
    metrics_->kept.add();
    return {};
  }
  ++progress.removed;
  progress.freed_bytes += outcome->freed_bytes;
  metrics_->removed.add();
  metrics_->freed.add(outcome->freed_bytes);
  return {};
}

// What a dry run has found so far.
struct Collector::Foreseen {
  Gone gone;
  Progress progress;
  std::set<Digest> removed;  // so that nothing is counted twice
};

Result<Progress> Collector::foresee(Context& context, const Request& request, const Terms& terms,
                                    const AfterStep& after_step) {
  Foreseen foreseen;
  Progress& progress = foreseen.progress;
  if (request.delete_untagged) {
    Foresight foresight(stores_.meta);
    TRY_ASSIGN(foreseen.gone,
               foresight.untagged(context, terms.old_before, [&](std::uint64_t gone) {
                 progress.untagged = gone;
                 return after_step(progress);
               }));
  }
  TRY_ASSIGN(const auto due, stores_.meta.view<std::vector<meta::Review>>(
                                 context, [&](const meta::Snapshot& snapshot) {
                                   return snapshot.reviews().due(terms.horizon, kForeseen);
                                 }));
  for (const meta::Review& review : due) TRY(foresee_one(context, review.digest, terms, foreseen));
  for (const Digest& digest : foreseen.gone.free()) {
    TRY(foresee_one(context, digest, terms, foreseen));
  }
  TRY(foresee_strays(context, foreseen, after_step));
  TRY(count_left(context, progress));
  return progress;
}

Result<void> Collector::foresee_one(Context& context, const Digest& digest, const Terms& terms,
                                    Foreseen& foreseen) {
  TRY(context.alive());
  // Digests that name no bytes (a manifest that was pushed here) or them by another name.
  const auto stat = stores_.blobs.stat(context, digest);
  const bool absent = !stat && (stat.error().code == ErrorCode::NotFound ||
                                stat.error().code == ErrorCode::InvalidArgument);
  if (!stat && !absent) return Failure(stat.error());
  TRY_ASSIGN(const Outcome outcome, reviewer_.foresee(context, digest, terms, foreseen.gone));
  if (outcome.verdict == Verdict::Later) return {};
  if (absent && foreseen.gone.sets_free(digest)) return {};
  Progress& progress = foreseen.progress;
  if (outcome.verdict == Verdict::Kept) {
    ++progress.reviewed;
    ++progress.kept;
  } else if (foreseen.removed.insert(digest).second) {
    ++progress.reviewed;
    ++progress.removed;
    progress.freed_bytes += outcome.freed_bytes;
  }
  return {};
}

Result<void> Collector::foresee_strays(Context& context, Foreseen& foreseen,
                                       const AfterStep& after_step) {
  Sweeper sweeper(stores_);
  Progress& progress = foreseen.progress;
  do {
    TRY(context.alive());
    TRY_ASSIGN(const auto strays, sweeper.next(context, options_.blobs_per_sweep));
    for (const blob::Stored& stray : strays) {
      if (!foreseen.removed.insert(stray.digest).second) continue;
      ++progress.reviewed;
      ++progress.removed;
      progress.freed_bytes += stray.size_bytes;
    }
    TRY(after_step(progress));
  } while (!sweeper.at_end());
  return {};
}

// Strays become reviews.
Result<void> Collector::sweep_all(Context& context, Progress& progress,
                                  const AfterStep& after_step) {
  Sweeper sweeper(stores_);
  do {
    TRY(context.alive());
    TRY_ASSIGN(const auto strays, sweeper.next(context, options_.blobs_per_sweep));
    TRY(sweeper.queue(context, strays, stores_.even.wall() + options_.delay));
    metrics_->strays.add(strays.size());
    TRY(after_step(progress));
  } while (!sweeper.at_end());
  return {};
}

Result<void> Collector::purge_uploads_if_time(Context& context) {
  if (!options_.purge_uploads) return {};
  const SteadyTime now = stores_.clock.steady();
  if (next_uploads_ && now < *next_uploads_) return {};
  next_uploads_ = now + options_.uploads_interval;
  TRY_ASSIGN(const std::size_t purged, uploads_.purge(context));
  metrics_->uploads.add(purged);
  return {};
}

Result<void> Collector::sweep_if_time(Context& context) {
  const SteadyTime now = stores_.clock.steady();
  if (next_sweep_ && now < *next_sweep_) return {};
  TRY_ASSIGN(const auto strays, sweeper_.next(context, options_.blobs_per_sweep));
  TRY(sweeper_.queue(context, strays, stores_.even.wall() + options_.delay));
  metrics_->strays.add(strays.size());
  next_sweep_.reset();
  if (sweeper_.at_end()) next_sweep_ = now + options_.sweep_interval;
  return {};
}

Result<void> Collector::count_left(Context& context, Progress& progress) {
  TRY_ASSIGN(progress.left,
             stores_.meta.view<std::uint64_t>(context, [](const meta::Snapshot& snapshot) {
               return snapshot.reviews().count();
             }));
  metrics_->queue.set(static_cast<std::int64_t>(progress.left));
  return {};
}

Result<void> pause_collectors(Context& context, meta::Store& meta, bool paused) {
  return meta.write(context, [&](meta::Transaction& tx) {
    return tx.settings().set(kPausedKey, paused ? "true" : "false");
  });
}

Result<void> Collector::pause(Context& context, bool paused) {
  return pause_collectors(context, stores_.meta, paused);
}

Result<bool> Collector::paused(Context& context) {
  return stores_.meta.view<bool>(
      context, [](const meta::Snapshot& snapshot) { return read_paused(snapshot.settings()); });
}

}  // namespace entrepot::collect
