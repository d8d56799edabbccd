#pragma once
// scrub/scrub.h — the scrub as the background of a server does it.

#include <chrono>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "jobs/runner.h"
#include "scrub/job.h"
#include "scrub/pace.h"
#include "scrub/walk.h"

namespace entrepot::scrub {

// Reads everything once in each period, at its pace, with the least of the processor and of the
// disk; and does the jobs that `entrepot fsck` queued as soon as they are seen, at full speed. The
// place is kept in the metadata, so that a restart goes on. A job that was cut short begins anew:
// its report is of one walk.
//
// Of the one thread that runs its kind().
class Scrub {
 public:
  struct Options {
    bool enabled = true;  // false: only what jobs ask for
    Pace::Options pace;
    std::chrono::milliseconds settle = std::chrono::minutes(1);  // rest after the start
    std::chrono::milliseconds retry = std::chrono::minutes(1);   // after an error
    std::chrono::milliseconds keep_place = std::chrono::minutes(1);
  };

  Scrub(registry::Stores stores, registry::Quarantine& quarantine, const Options& options,
        metrics::Registry& metrics);
  ~Scrub();

  // Works on this, which outlives who runs it.
  jobs::Kind kind();

 private:
  struct Metrics;
  struct Pass {
    WallTime begun{};
    std::uint64_t done_bytes = 0;
  };

  void be_humble();
  Result<void> do_round(jobs::Run& run);
  Result<void> scrub_all(jobs::Run& run);
  Result<Bytes> do_job(jobs::Run& run);

  Result<std::string> kept(Context& context, std::string_view key);
  Result<void> load_place(Context& context);
  Result<bool> begin_or_resume();
  Result<void> measure_again(Context& context);
  Result<void> rest_after(jobs::Run& run, std::size_t bytes);
  Result<void> keep_place();
  Result<void> end_pass(Context& context);

  const registry::Stores stores_;
  registry::Quarantine& quarantine_;
  const Options options_;
  const Pace pace_;
  const std::unique_ptr<Metrics> metrics_;

  const SteadyTime begin_at_;
  bool is_humble_ = false;
  Walk walk_;
  Pass pass_;
  bool loaded_ = false;
  std::uint64_t total_bytes_ = 0;
  SteadyTime measured_at_{};
  SteadyTime kept_at_{};
  SteadyTime read_at_{};
};

}  // namespace entrepot::scrub
