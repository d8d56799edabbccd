#include "server/run/background.h"

#include <sys/statvfs.h>

#include <algorithm>

#include "audit/keeper.h"
#include "base/log.h"
#include "collect/kinds.h"
#include "jobs/runner.h"
#include "mirror/eviction.h"
#include "scrub/scrub.h"
#include "server/run/metadata_backups.h"
#include "server/run/periodic.h"
#include "server/run/upstreams.h"

namespace entrepot::server {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kDiskInterval{10'000};

collect::CollectorRounds collector_rounds(const Options& options) {
  return {.enabled = options.collect_enabled,
          .interval = options.collect_interval,
          .pause = options.collect_pause};
}

collect::Retention::Options retention_options(const Options& options) {
  collect::Retention::Options out;
  out.quarantine_age = options.quarantine_keep;
  out.quarantine_bytes = options.quarantine_max_bytes.bytes;
  return out;
}

scrub::Scrub::Options scrub_options(const Options& options) {
  scrub::Scrub::Options out;
  out.enabled = options.scrub_enabled;
  out.pace = {options.scrub_period, options.scrub_rate.bytes};
  out.settle = std::min<milliseconds>(out.settle, options.scrub_period / 10);
  return out;
}

// How full the disk is, from a thread of its own: a scrape must not wait for a file system.
class DiskMetrics {
 public:
  DiskMetrics(std::string path, metrics::Registry& metrics)
      : path_(std::move(path)),
        size_(metrics.gauge("entrepot_disk_size_bytes", "Size of the data's file system.")),
        free_(metrics.gauge("entrepot_disk_free_bytes",
                            "What is free on the data's file system for this server.")),
        free_files_(metrics.gauge("entrepot_disk_free_files",
                                  "Inodes that are free on the data's file system.")) {}

  void look() {
    struct statvfs found {};
    if (::statvfs(path_.c_str(), &found) != 0) return;
    size_.set(static_cast<std::int64_t>(found.f_blocks * found.f_frsize));
    free_.set(static_cast<std::int64_t>(found.f_bavail * found.f_frsize));
    free_files_.set(static_cast<std::int64_t>(found.f_favail));
  }

 private:
  const std::string path_;
  metrics::Gauge& size_;
  metrics::Gauge& free_;
  metrics::Gauge& free_files_;
};

}  // namespace

std::unique_ptr<collect::Collector> make_collector(const Options& options, OpenedStores& stores,
                                                   Platform& platform, metrics::Registry& metrics) {
  collect::Collector::Options out;
  out.delay = options.collect_delay;
  out.purge_uploads = options.uploads_purge_after.count() > 0;
  out.uploads_interval = options.uploads_purge_interval;
  return std::make_unique<collect::Collector>(stores.stores(), platform.uploads(),
                                              platform.remover(), out, metrics);
}

struct Background::Parts {
  Parts(const Options& options, OpenedStores& stores, Platform& platform,
        metrics::Registry& metrics, Accounts& accounts)
      : collector(make_collector(options, stores, platform, metrics)),
        retention(stores.stores(), platform.uploads(), retention_options(options), metrics),
        eviction(upstream_names(options), stores.stores(), platform.remover()),
        scrub(stores.stores(), platform.quarantine(), scrub_options(options), metrics),
        backups({stores.directory().backups_path(), options.backup_interval, options.backup_keep},
                stores.stores(), metrics),
        runner(stores.stores().meta, stores.stores().clock, runner_options(),
               kinds(options, stores, platform, accounts)),
        disk(stores.directory().path(), metrics),
        disk_look("disk", kDiskInterval, [this](Context&) { disk.look(); }) {}

  // The directory's lock lets in one process.
  static jobs::Runner::Options runner_options() {
    return {.owner = jobs::process_name(), .sole = true};
  }

  std::vector<jobs::Kind> kinds(const Options& options, OpenedStores& stores, Platform& platform,
                                Accounts& accounts) {
    std::vector<jobs::Kind> kinds;
    kinds.push_back(collect::collector_kind(*collector, collector_rounds(options)));
    kinds.push_back(collect::retention_kind(retention, options.collect_pause));
    kinds.push_back(scrub.kind());
    if (options.mirror_keep_for.count() > 0 && platform.mirror() != nullptr) {
      kinds.push_back(eviction.kind(options.mirror_keep_for));
    }
    kinds.push_back(backups.kind());
    kinds.push_back(
        audit::keeper_kind(accounts.sign_ins(), stores.stores().meta, stores.stores().clock));
    // The collector purges uploads along with the rest, where it runs by itself.
    if (!options.collect_enabled && options.uploads_purge_after.count() > 0) {
      kinds.push_back(collect::uploads_kind(platform.uploads(), options.uploads_purge_interval));
    }
    return kinds;
  }

  const std::unique_ptr<collect::Collector> collector;
  collect::Retention retention;
  mirror::Eviction eviction;
  scrub::Scrub scrub;
  MetadataBackups backups;
  jobs::Runner runner;
  DiskMetrics disk;
  Periodic disk_look;
};

Background::Background(const Options& options, OpenedStores& stores, Platform& platform,
                       metrics::Registry& metrics, Accounts& accounts)
    : parts_(std::make_unique<Parts>(options, stores, platform, metrics, accounts)) {}
Background::~Background() = default;

}  // namespace entrepot::server
