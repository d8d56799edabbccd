#pragma once
// server/run/platform.h — the registry's use cases and its API, wired over opened stores.

#include <memory>

#include "access/policy.h"
#include "api/distribution/api.h"
#include "auth/authenticator.h"
#include "http/handler.h"
#include "http/memory.h"
#include "mirror/mirror.h"
#include "registry/quarantine.h"
#include "registry/remove.h"
#include "registry/uploads.h"
#include "server/options/options.h"
#include "server/run/opened_stores.h"

namespace entrepot::server {

// Everything between the stores and the sockets. Thread-safe; owns no threads.
class Platform {
 public:
  // What is counted, what is counted off, and where requests go on.
  struct Surroundings {
    metrics::Registry& metrics;
    http::MemoryAccount& memory;
    api::distribution::Threading threading = {};
  };

  // Who gets in, and what they may do; outlives the platform.
  struct Entrance {
    const auth::Authenticator& door;
    const access::Policy& policy;
    api::distribution::Challenges challenges = {};
  };

  // Fails when the key that signs upload locations can neither be read nor kept, and as
  // make_upstreams().
  static Result<std::unique_ptr<Platform>> open(Context& context, const Options& options,
                                                const Entrance& entrance, OpenedStores& stores,
                                                Surroundings surroundings);
  ~Platform();

  http::Handler& api();
  const api::Gate& gate();  // for other APIs
  const registry::Puller& puller();
  registry::Uploads& uploads();  // what the collector works with, too
  registry::Remover& remover();
  registry::Quarantine& quarantine();
  mirror::Mirror* mirror();  // null: no other registry is served here

  // Writes how often manifests were pulled, once a minute however often it is called, or now. What
  // cannot be written is logged, and tried again.
  void write_pulls(Context& context, bool at_once = false);

 private:
  struct Parts;
  explicit Platform(std::unique_ptr<Parts> parts);
  const std::unique_ptr<Parts> parts_;
};

// "" for "/", "/registry" for "/registry/": how http.prefix stands in front of "/v2".
std::string api_prefix(const Options& options);

}  // namespace entrepot::server
