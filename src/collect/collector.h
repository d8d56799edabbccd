#pragma once
// collect/collector.h — removes the bytes that nothing refers to, while pushes go on.

#include <chrono>
#include <functional>
#include <memory>
#include <optional>

#include "base/metrics.h"
#include "collect/job.h"
#include "collect/review.h"
#include "collect/sweep.h"
#include "registry/ages.h"
#include "registry/clock_watch.h"
#include "registry/remove.h"
#include "registry/uploads.h"

namespace entrepot::collect {

// Under which setting the time is kept at which the collector last looked at its clock.
inline constexpr char kClockKey[] = "collect.clock";

// The collector of one process. It works in small steps, each of which leaves everything right, so
// it may be stopped or killed anywhere and simply begins again. Nobody has to wait for it: a push
// of the very digest that is being removed waits for that one removal.
//
// One thread at a time, and one process at a time per store (jobs::Runner sees to both); pause()
// and paused() from anywhere. Blocks.
class Collector {
 public:
  struct Options {
    std::chrono::microseconds delay = registry::kDefaultReviewDelay;

    // A step ends after so many reviews, or after so long.
    std::size_t reviews_per_step = 100;
    std::chrono::milliseconds step_time{500};

    // A blob whose removal failed is looked at again so much later.
    std::chrono::microseconds retry_after = std::chrono::hours(1);

    bool purge_uploads = true;
    std::chrono::microseconds uploads_interval = std::chrono::hours(1);

    // Between the end of one walk over all blobs and the begin of the next; the first one begins
    // with the process. Each run_due() looks at so many of them.
    std::chrono::microseconds sweep_interval = std::chrono::hours(24);
    std::size_t blobs_per_sweep = 1000;
  };

  // `uploads` and `remover` outlive the collector, and so does `metrics`.
  Collector(registry::Stores stores, registry::Uploads& uploads, registry::Remover& remover,
            Options options, metrics::Registry& metrics);
  ~Collector();

  // One step of what is due by now: purges deleted manifests and abandoned uploads, reviews blobs,
  // looks for strays. Does nothing while paused. A blob that fails is put back and counted; an
  // error of the metadata ends the step. Cancelled, Timeout.
  //
  // Whatever the wall clock does meanwhile, what waits has waited for the whole delay since it was
  // pushed, mounted, asked for or deleted last: all of that is stamped and judged by Stores::even.
  // When this process begins far (an hour, or a 24th of the delay) from where the last one was,
  // what waits goes on waiting for as long as it still had to, at most for the whole delay. So time
  // in which no server ran does not count: nobody could tell it from a jump.
  struct Step {
    Progress done;
    bool more = false;  // something is due already
  };
  Result<Step> run_due(Context& context);

  // Everything that is due by the request, strays too, paused or not, and returns what was done. A
  // dry run returns what would be done and freed, at once or when the delay is over: also by the
  // untagged manifests that would be deleted. Not told: the file of a manifest (a directory that
  // was taken over has such) that a client deleted, if this very run forgets the manifest's row.
  // `after_step` is called between steps; an error of it ends the work.
  using AfterStep = std::function<Result<void>(const Progress&)>;
  Result<Progress> run(Context& context, const Request& request, const AfterStep& after_step);

  // Notes the time for the process after this one, and puts right what waits if the clock is not
  // where the one before left it. Part of run_due() and run(); for who calls neither for long.
  Result<void> settle_clock(Context& context);

  // Kept in the metadata, so it holds over restarts and for every process (see pause_collectors()).
  Result<void> pause(Context& context, bool paused);
  Result<bool> paused(Context& context);

 private:
  struct Metrics;
  struct Foreseen;

  Result<void> shift_reviews(Context& context, std::chrono::microseconds by);
  Terms terms_now(std::chrono::microseconds delay) const;
  Result<bool> review_some(Context& context, const Terms& terms, Progress& progress);
  Result<bool> purge_some(Context& context, const Terms& terms);
  Result<void> review_one(Context& context, const oci::Digest& digest, const Terms& terms,
                          Progress& progress);
  Result<Progress> foresee(Context& context, const Request& request, const Terms& terms,
                           const AfterStep& after_step);
  Result<void> foresee_one(Context& context, const oci::Digest& digest, const Terms& terms,
                           Foreseen& foreseen);
  Result<void> foresee_strays(Context& context, Foreseen& foreseen, const AfterStep& after_step);
  Result<void> sweep_all(Context& context, Progress& progress, const AfterStep& after_step);
  Result<void> purge_uploads_if_time(Context& context);
  Result<void> sweep_if_time(Context& context);
  Result<void> count_left(Context& context, Progress& progress);

  const registry::Stores stores_;
  registry::Uploads& uploads_;
  registry::Remover& remover_;
  const Options options_;
  const std::unique_ptr<Metrics> metrics_;
  registry::ClockWatch clock_watch_;
  registry::Ages ages_;
  Reviewer reviewer_;
  Sweeper sweeper_;
  std::optional<SteadyTime> next_uploads_;  // none: at once
  std::optional<SteadyTime> next_sweep_;
};

// Pauses the collectors of all processes that share the metadata, or lets them go on.
Result<void> pause_collectors(Context& context, meta::Store& meta, bool paused);

}  // namespace entrepot::collect
