#pragma once
// server/run/running_server.h — one server, from its configuration to its end.

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "base/metrics.h"
#include "server/configure/configuration.h"

namespace entrepot::server {

// Start: resolve host names → look who may reach it → as root: the data directory's owner, key,
// sockets; then its user → its lock → accepting, answering /healthz and nothing else → stores →
// adoption of an older registry → open for requests. End, by stop(): no new connections → running
// exchanges end → background work ends → stores close.
class RunningServer {
 public:
  // Blocks until requests are answered; `context` cancels a long adoption. Every error tells what
  // to do where that is known.
  static Result<std::unique_ptr<RunningServer>> start(Context& context,
                                                      const Configuration& configuration,
                                                      const Clock& clock);
  // stop() first; else running exchanges are cut off.
  ~RunningServer();

  const std::vector<std::string>& urls() const;
  const metrics::Registry& metrics() const;
  void reload_certificate();
  void stop();

 private:
  struct Parts;
  explicit RunningServer(std::unique_ptr<Parts> parts);
  const std::unique_ptr<Parts> parts_;
};

}  // namespace entrepot::server
