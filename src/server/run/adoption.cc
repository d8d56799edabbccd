#include "server/run/adoption.h"

#include <unistd.h>

#include "base/log.h"
#include "collect/collector.h"
#include "import/adopt.h"

namespace entrepot::server {

Result<void> adopt_if_needed(Context& context, const Options& options, OpenedStores& stores) {
  const registry::Stores opened = stores.stores();
  import::ProgressDisplay display(STDERR_FILENO, opened.clock);
  import::Adoption::Options adoption_options;
  adoption_options.data = options.data;
  adoption_options.review_delay = options.collect_delay;
  adoption_options.progress = [&](const import::Progress& progress) { display.show(progress); };
  import::Adoption adoption(opened.blobs, opened.meta, opened.even, std::move(adoption_options));
  if (!adoption.is_needed()) return {};
  log::info("{} holds a registry of distribution's; taking it over, nothing is copied",
            options.data);
  TRY_ASSIGN(const import::AdoptReport report, adoption.run(context));
  log::info("taken over: {}", import::to_text(report));
  // What was queued was stamped by this clock; the next process compares its own with it.
  registry::ClockWatch watch(opened.meta, opened.even, collect::kClockKey);
  TRY_ASSIGN(const registry::ClockLook now, watch.look(context));
  return watch.settle(context, now);
}

}  // namespace entrepot::server
