#pragma once
// server/run/metadata_backups.h — copies of the metadata beside the blobs, made while the server
// runs: now and then, and when somebody asks.

#include <chrono>
#include <string>

#include "base/metrics.h"
#include "jobs/runner.h"
#include "registry/stores.h"
#include "server/run/backup_folder.h"

namespace entrepot::server {

// One thread at a time; blocks.
class MetadataBackups {
 public:
  struct Options {
    std::string directory;               // of a BackupFolder
    std::chrono::milliseconds interval;  // 0: only when somebody asks
    std::size_t keep;
  };
  MetadataBackups(Options options, registry::Stores stores, metrics::Registry& metrics);

  // Makes a copy if the newest is older than the interval (not in the first minute). What fails
  // (for want of room, too) is logged and counted, and tried again ten minutes later; nothing is
  // tried while the disk has only its reserve left.
  void run_if_due(Context& context);

  // Makes one now, which counts for the interval. Counts what fails, but for Cancelled. StorageFull
  // also while the disk has only its reserve left; else the errors of BackupFolder.
  Result<MadeBackup> make_now(Context& context);

  // Both, as work of jobs::Runner: rounds, and jobs as `entrepot backup` asks for (backup_job.h).
  jobs::Kind kind();

 private:
  SteadyTime first_due() const;
  Result<Bytes> do_job(jobs::Run& run);

  const Options options_;
  const BackupFolder folder_;
  const registry::Stores stores_;
  metrics::Gauge& running_;
  metrics::Gauge& last_;
  metrics::Gauge& size_;
  metrics::Histogram& seconds_;
  metrics::Counter& failed_;
  SteadyTime due_;
};

}  // namespace entrepot::server
