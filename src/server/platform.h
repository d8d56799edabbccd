#pragma once
// server/platform.h — the registry's use cases and its API, wired over opened stores.

#include <memory>

#include "auth/open_mode.h"
#include "http/handler.h"
#include "http/memory.h"
#include "registry/quarantine.h"
#include "registry/remove.h"
#include "registry/uploads.h"
#include "server/opened_stores.h"
#include "server/options.h"

namespace entrepot::server {

// Everything between the stores and the sockets. Thread-safe; owns no threads.
class Platform {
 public:
  // What is counted, and what is counted off.
  struct Accounts {
    metrics::Registry& metrics;
    http::MemoryAccount& memory;
  };

  // `door` outlives it. Fails when the key that signs upload locations can neither be read nor
  // kept.
  static Result<std::unique_ptr<Platform>> open(Context& context, const Options& options,
                                                const auth::OpenMode& door, OpenedStores& stores,
                                                Accounts accounts);
  ~Platform();

  http::Handler& api();
  registry::Uploads& uploads();  // what the collector works with, too
  registry::Remover& remover();
  registry::Quarantine& quarantine();

 private:
  struct Parts;
  explicit Platform(std::unique_ptr<Parts> parts);
  const std::unique_ptr<Parts> parts_;
};

// "" for "/", "/registry" for "/registry/": how http.prefix stands in front of "/v2".
std::string api_prefix(const Options& options);

}  // namespace entrepot::server
