#pragma once
// server/run/metadata_backups.h — copies of the metadata beside the blobs, made while the server
// runs.

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "registry/stores.h"

namespace entrepot::server {

// Keeps the newest few copies: DIRECTORY/metadata-20260131T120000Z.sqlite, each whole and durable
// under that name. One thread at a time; blocks.
class MetadataBackups {
 public:
  struct Options {
    std::string directory;  // made when it is needed
    std::chrono::milliseconds interval;
    std::size_t keep;
  };
  MetadataBackups(Options options, registry::Stores stores, metrics::Registry& metrics);

  // Makes a copy if the newest is older than the interval (not in the first minute), then drops the
  // oldest beyond `keep`. What fails (for want of room, too) is logged and counted, and tried again
  // ten minutes later; nothing is tried while the disk has only its reserve left.
  void run_if_due(Context& context);

 private:
  std::vector<std::string> names() const;  // oldest first
  SteadyTime first_due() const;
  Result<void> run(Context& context, WallTime now);
  void note_size(const std::string& name) const;
  void drop_but(const std::string& newest) const;

  const Options options_;
  const registry::Stores stores_;
  metrics::Gauge& running_;
  metrics::Gauge& last_;
  metrics::Gauge& size_;
  metrics::Histogram& seconds_;
  metrics::Counter& failed_;
  SteadyTime due_;
};

// "metadata-20260131T120000Z.sqlite", and what such a name says; nothing for any other.
std::string backup_name(WallTime time);
std::optional<WallTime> backup_time(std::string_view name);

}  // namespace entrepot::server
