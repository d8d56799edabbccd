#pragma once
// collect/retention.h — gives an end to what else would only grow.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/metrics.h"
#include "registry/ages.h"
#include "registry/stores.h"
#include "registry/uploads.h"

namespace entrepot::collect {

// Forgets, a few rows at a time: old entries of the journal, dropped links whose bytes are gone,
// finished jobs, tokens that ended, repositories that stayed empty, ended uploads, quarantined
// files; and counts what is there, for the gauges. What each of them promises stands at
// meta::Retention, meta::Journal and blob::BlobStore::purge(). Ages are of time that passed
// (registry::Ages): a clock that jumps ends nothing. What people read (journal, jobs) is stamped by
// the wall clock; what came while that was wrong, and set right again between two looks, is as old
// as its stamp.
//
// Beside the collector, and at work while that is paused: nothing here removes what somebody can
// still pull. One thread at a time; blocks.
class Retention {
 public:
  struct Options {
    std::chrono::microseconds journal_age = std::chrono::hours(24 * 365);
    std::chrono::microseconds link_age = std::chrono::hours(24 * 7);
    std::chrono::microseconds job_age = std::chrono::hours(24 * 30);
    // After its end; until then who still uses it is told that it ended.
    std::chrono::microseconds secret_age = std::chrono::hours(24 * 90);
    std::chrono::microseconds quarantine_age = std::chrono::hours(24 * 30);
    std::uint64_t quarantine_bytes = std::uint64_t{10} << 30;

    std::size_t rows_per_step = 500;
    // Between two walks over the old part of the journal, and between two counts.
    std::chrono::microseconds walk_interval = std::chrono::hours(6);
    std::chrono::microseconds count_interval = std::chrono::hours(1);
  };

  Retention(registry::Stores stores, registry::Uploads& uploads, Options options,
            metrics::Registry& metrics);
  ~Retention();

  // One step of each kind. True when more waits already.
  Result<bool> step(Context& context);

 private:
  struct Metrics;

  Result<bool> forget_rows(Context& context);
  Result<bool> expire_repositories(Context& context);
  Result<bool> shorten_journal(Context& context);
  Result<void> purge_quarantine(Context& context);
  Result<void> count_if_time(Context& context);

  const registry::Stores stores_;
  registry::Uploads& uploads_;
  const Options options_;
  const std::unique_ptr<Metrics> metrics_;
  registry::Ages ages_;       // by the wall clock
  registry::Ages even_ages_;  // by Stores::even
  std::int64_t journal_after_ = 0;
  std::optional<SteadyTime> next_walk_;   // none: at once, or one is on its way
  std::optional<SteadyTime> next_count_;  // none: at once
};

}  // namespace entrepot::collect
