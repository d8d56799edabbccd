#pragma once
// server/run/background.h — what a server does beside answering requests.

#include <memory>

#include "base/metrics.h"
#include "collect/collector.h"
#include "server/options/options.h"
#include "server/run/accounts.h"
#include "server/run/opened_stores.h"
#include "server/run/platform.h"

namespace entrepot::server {

// The collector as the options want it; also for the commands that run it by hand.
std::unique_ptr<collect::Collector> make_collector(const Options& options, OpenedStores& stores,
                                                   Platform& platform, metrics::Registry& metrics);

// The kinds of work of its jobs::Runner: the collector with the purge of uploads, the retention of
// what else would only grow, the scrub, backups of the metadata, and the audit's keeper; and a look
// at the disk's free space every ten seconds. They begin at once; destruction ends them after the
// step they are at.
class Background {
 public:
  Background(const Options& options, OpenedStores& stores, Platform& platform,
             metrics::Registry& metrics, Accounts& accounts);
  ~Background();

 private:
  struct Parts;
  const std::unique_ptr<Parts> parts_;
};

}  // namespace entrepot::server
