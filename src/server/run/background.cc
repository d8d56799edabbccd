#include "server/run/background.h"

#include <sys/statvfs.h>

#include <thread>

#include "base/log.h"
#include "collect/retention.h"
#include "collect/thread.h"
#include "scrub/thread.h"
#include "server/run/metadata_backups.h"
#include "server/run/periodic.h"

namespace entrepot::server {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kDiskInterval{10'000};
constexpr milliseconds kBackupLook{60'000};
constexpr milliseconds kRetentionInterval{60'000};
constexpr milliseconds kLongestPause{100};  // between two of its steps: who ends it waits for it

collect::CollectorThread::Options thread_options(const Options& options) {
  collect::CollectorThread::Options out;
  out.enabled = options.collect_enabled;
  out.interval = options.collect_interval;
  out.pause = options.collect_pause;
  // The directory's lock lets in one process: a lease that is left was a killed one's, and is ours.
  out.holder = "server";
  return out;
}

collect::Retention::Options retention_options(const Options& options) {
  collect::Retention::Options out;
  out.quarantine_age = options.quarantine_keep;
  out.quarantine_bytes = options.quarantine_max_bytes.bytes;
  return out;
}

// Step by step until nothing is left to forget; pushes and pulls go first.
void retain(Context& context, collect::Retention& retention, milliseconds pause) {
  while (context.alive()) {
    const auto more = retention.step(context);
    if (!more) {
      log::warning("what is old was not forgotten, trying again later: {}", more.error());
    }
    if (!more || !*more) return;
    std::this_thread::sleep_for(pause);
  }
}

scrub::ScrubThread::Options scrub_options(const Options& options) {
  scrub::ScrubThread::Options out;
  out.enabled = options.scrub_enabled;
  out.pace = {options.scrub_period, options.scrub_rate.bytes};
  out.settle = std::min<milliseconds>(out.settle, options.scrub_period / 10);
  out.holder = "server";
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

void purge_uploads(Context& context, registry::Uploads& uploads) {
  const auto purged = uploads.purge(context);
  if (!purged) {
    log::warning("abandoned uploads were not purged, trying again later: {}", purged.error());
  } else if (*purged > 0) {
    log::info("purged {} abandoned uploads", *purged);
  }
}

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
        metrics::Registry& metrics, const Clock& clock)
      : collector(make_collector(options, stores, platform, metrics)),
        collector_thread(*collector, stores.stores().meta, clock, thread_options(options)),
        retention(stores.stores(), platform.uploads(), retention_options(options), metrics),
        retention_look("retention", kRetentionInterval,
                       [this, pause = options.collect_pause](Context& context) {
                         retain(context, retention, std::min(pause, kLongestPause));
                       }),
        scrub_thread(stores.stores(), platform.quarantine(), scrub_options(options), metrics),
        disk(stores.directory().path(), metrics),
        disk_look("disk", kDiskInterval, [this](Context&) { disk.look(); }),
        backups({stores.directory().backups_path(), options.backup_interval, options.backup_keep},
                stores.stores(), metrics) {
    if (options.backup_interval.count() > 0) {
      backup_look.emplace("backup", std::min<milliseconds>(options.backup_interval, kBackupLook),
                          [this](Context& context) { backups.run_if_due(context); });
    }
    // The collector purges uploads along with the rest, where it runs by itself.
    if (!options.collect_enabled && options.uploads_purge_after.count() > 0) {
      upload_purge.emplace(
          "uploads", options.uploads_purge_interval,
          [&uploads = platform.uploads()](Context& context) { purge_uploads(context, uploads); });
    }
  }

  const std::unique_ptr<collect::Collector> collector;
  collect::CollectorThread collector_thread;
  collect::Retention retention;
  Periodic retention_look;
  scrub::ScrubThread scrub_thread;
  DiskMetrics disk;
  Periodic disk_look;
  MetadataBackups backups;
  std::optional<Periodic> backup_look;
  std::optional<Periodic> upload_purge;
};

Background::Background(const Options& options, OpenedStores& stores, Platform& platform,
                       metrics::Registry& metrics, const Clock& clock)
    : parts_(std::make_unique<Parts>(options, stores, platform, metrics, clock)) {}
Background::~Background() = default;

}  // namespace entrepot::server
