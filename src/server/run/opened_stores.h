#pragma once
// server/run/opened_stores.h — a data directory with its two stores, opened by this process alone.

#include <memory>

#include "base/clock.h"
#include "base/metrics.h"
#include "registry/stores.h"
#include "server/run/data_directory.h"

namespace entrepot::server {

// What `serve`, `gc` and the other commands that change data work on. Closing it finishes what the
// stores have begun and lets the lock go.
class OpenedStores {
 public:
  // Opens what is in the directory, or makes it. Conflict when its metadata is lost; else the
  // errors of the stores.
  static Result<std::unique_ptr<OpenedStores>> open(Context& context,
                                                    std::unique_ptr<DataDirectory> directory,
                                                    metrics::Registry& metrics, const Clock& clock);
  ~OpenedStores();

  const DataDirectory& directory() const;
  registry::Stores stores();  // borrowed

  // Are the directory and the metadata still there, under their names? Unavailable. Costs two
  // looks.
  Result<void> require_present() const;

  // Could a push work now? Asks both stores to write.
  Result<void> check_writable(Context& context);

 private:
  struct Parts;
  explicit OpenedStores(std::unique_ptr<Parts> parts);
  const std::unique_ptr<Parts> parts_;
};

}  // namespace entrepot::server
