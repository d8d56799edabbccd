#include "collect/retention.h"

namespace entrepot::collect {
namespace {

// Each of them is looked up in several tables.
constexpr std::size_t kRepositoriesPerStep = 100;

// An empty repository that could not go yet is looked at again so much later.
constexpr std::chrono::hours kLookAgain{1};

}  // namespace

struct Retention::Metrics {
  explicit Metrics(metrics::Registry& registry)
      : repositories(registry.gauge("entrepot_repositories", "Repositories that hold a manifest.")),
        empty(registry.gauge("entrepot_repositories_empty",
                             "Repositories that hold none, and go after a day.")),
        links(registry.gauge("entrepot_dropped_links",
                             "Dropped links of blobs that are gone, remembered for a week.")),
        journal(registry.gauge("entrepot_journal_entries", "Entries of the journal.")),
        jobs(registry.gauge("entrepot_jobs", "Jobs, finished or not.")),
        ended_uploads(registry.gauge("entrepot_uploads_ended",
                                     "Ended uploads that are remembered, so that none goes on.")),
        quarantine_files(
            registry.gauge("entrepot_quarantine_files", "Damaged blobs that were set aside.")),
        quarantine_bytes(registry.gauge("entrepot_quarantine_bytes",
                                        "Bytes of damaged blobs that were set aside.")),
        forgotten(registry.counter("entrepot_retention_forgotten_total",
                                   "Rows and files that reached their age and went.")) {}

  metrics::Gauge& repositories;
  metrics::Gauge& empty;
  metrics::Gauge& links;
  metrics::Gauge& journal;
  metrics::Gauge& jobs;
  metrics::Gauge& ended_uploads;
  metrics::Gauge& quarantine_files;
  metrics::Gauge& quarantine_bytes;
  metrics::Counter& forgotten;
};

Retention::Retention(registry::Stores stores, registry::Uploads& uploads, Options options,
                     metrics::Registry& metrics)
    : stores_(stores),
      uploads_(uploads),
      options_(options),
      metrics_(std::make_unique<Metrics>(metrics)),
      ages_(stores.meta, stores.clock, "retention.clock"),
      even_ages_(stores.meta, stores_.even, "retention.even") {}

Retention::~Retention() = default;

Result<bool> Retention::step(Context& context) {
  TRY(ages_.look(context));
  TRY(even_ages_.look(context));
  TRY_ASSIGN(const bool more_uploads, uploads_.purge_ended(context, options_.rows_per_step));
  TRY_ASSIGN(const bool more_rows, forget_rows(context));
  TRY_ASSIGN(const bool more_repositories, expire_repositories(context));
  TRY_ASSIGN(const bool more_journal, shorten_journal(context));
  TRY(count_if_time(context));
  return more_uploads || more_rows || more_repositories || more_journal;
}

Result<bool> Retention::forget_rows(Context& context) {
  const std::size_t limit = options_.rows_per_step;
  std::size_t links = 0;
  std::size_t jobs = 0;
  std::size_t secrets = 0;
  TRY(stores_.meta.write(context, [&](meta::Transaction& tx) -> Result<void> {
    TRY_ASSIGN(links, tx.retention().forget_links(even_ages_.before(options_.link_age), limit));
    TRY_ASSIGN(jobs, tx.retention().forget_jobs(ages_.before(options_.job_age), limit));
    TRY_ASSIGN(secrets, tx.secrets().purge(ages_.before(options_.secret_age), limit));
    return {};
  }));
  metrics_->forgotten.add(links + jobs + secrets);
  return links == limit || jobs == limit || secrets == limit;
}

Result<bool> Retention::expire_repositories(Context& context) {
  const WallTime again = stores_.even.wall() + kLookAgain;
  std::size_t looked_at = 0;
  TRY(stores_.meta.write(context, [&](meta::Transaction& tx) -> Result<void> {
    // They carry the time at which they go, perhaps as an earlier process told it.
    const auto stays = meta::Repositories::kEmptyStays;
    const WallTime now = even_ages_.before(stays) + stays;
    TRY_ASSIGN(looked_at, tx.retention().expire_repositories(now, again, kRepositoriesPerStep));
    return {};
  }));
  return looked_at == kRepositoriesPerStep;
}

// What may go is found beside the writer; it stays so whatever is written meanwhile.
Result<bool> Retention::shorten_journal(Context& context) {
  const SteadyTime now = stores_.clock.steady();
  if (next_walk_ && now < *next_walk_) return false;
  const WallTime before = ages_.before(options_.journal_age);
  TRY_ASSIGN(
      const auto old,
      stores_.meta.view<meta::Retention::OldEntries>(context, [&](const meta::Snapshot& snapshot) {
        return snapshot.retention().old_entries(before, journal_after_, options_.rows_per_step);
      }));
  if (!old.sequences.empty()) {
    TRY(stores_.meta.write(context, [&](meta::Transaction& tx) {
      return tx.retention().drop_entries(old.sequences);
    }));
    metrics_->forgotten.add(old.sequences.size());
  }
  journal_after_ = old.next.value_or(0);
  next_walk_.reset();
  if (!old.next) next_walk_ = now + options_.walk_interval;
  return old.next.has_value();
}

Result<void> Retention::purge_quarantine(Context& context) {
  const blob::PurgeTerms terms{.quarantine_before = even_ages_.before(options_.quarantine_age),
                               .most_quarantine_bytes = options_.quarantine_bytes};
  TRY_ASSIGN(const auto purged, stores_.blobs.purge(context, terms));
  metrics_->forgotten.add(purged.quarantined);
  metrics_->quarantine_files.set(static_cast<std::int64_t>(purged.quarantine_files_left));
  metrics_->quarantine_bytes.set(static_cast<std::int64_t>(purged.quarantine_bytes_left));
  return {};
}

Result<void> Retention::count_if_time(Context& context) {
  const SteadyTime now = stores_.clock.steady();
  if (next_count_ && now < *next_count_) return {};
  next_count_ = now + options_.count_interval;
  TRY(purge_quarantine(context));
  TRY(uploads_.count(context));
  TRY_ASSIGN(const auto counts,
             stores_.meta.view<meta::Retention::Counts>(
                 context, [](const meta::Snapshot& s) { return s.retention().counts(); }));
  metrics_->repositories.set(counts.repositories);
  metrics_->empty.set(counts.empty_repositories);
  metrics_->links.set(counts.dropped_links);
  metrics_->journal.set(counts.journal_entries);
  metrics_->jobs.set(counts.jobs);
  metrics_->ended_uploads.set(counts.ended_uploads);
  return {};
}

}  // namespace entrepot::collect
