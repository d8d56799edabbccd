#pragma once
// server/run/listeners.h — the HTTP servers of the process, with the threads behind them.

#include <memory>
#include <string>
#include <vector>

#include "api/distribution/api.h"
#include "base/metrics.h"
#include "http/server/server.h"
#include "http/server/tls.h"
#include "server/options/options.h"

namespace entrepot::server {

// How the options want TLS; only where a certificate is set.
http::server::TlsOptions tls_options(const Options& options);

// The public addresses with `front` behind them, and those of debug.listen with `operations`.
// Ended by stop(), at the latest by destruction; after that nothing
// calls the handlers any more.
class Listeners {
 public:
  struct Handlers {
    http::Handler& front;
    http::Handler& operations;
    http::Handler& probe;
    std::function<void(const http::server::Exchange&)> observe;
    http::MemoryAccount& memory;  // of the public addresses
  };

  // Reads the certificate and binds: all that may need root. Clients wait until accept().
  // InvalidArgument (certificate), Unavailable (an address cannot be had), with which one.
  static Result<std::unique_ptr<Listeners>> open(const Options& options, Handlers handlers,
                                                 metrics::Registry& metrics);
  ~Listeners();

  // Answers probes of this machine under this name (probe.h), from now on: a server that adopts a
  // directory for an hour is not ill. Unavailable.
  Result<void> open_probe(const std::string& name);

  // From now on requests are answered. Unavailable.
  Result<void> accept();

  // Where requests go on that cannot be answered from memory.
  api::distribution::Threading threading();

  // "http://127.0.0.1:5000", one for each public address, with the port that the system chose.
  const std::vector<std::string>& urls() const;

  // "127.0.0.1:5000": the same, and those of debug.listen.
  const std::vector<std::string>& addresses() const;

  // Reads the certificate again; what was loaded stays in use when that fails (which is logged,
  // with what to do).
  void reload_certificate();

  // The certificate of the public addresses; null without TLS.
  std::shared_ptr<const http::server::TlsContext> tls() const;

  // Lets running exchanges end, for at most `patience`.
  void stop(Duration patience);

 private:
  struct Parts;
  explicit Listeners(std::unique_ptr<Parts> parts);
  const std::unique_ptr<Parts> parts_;
};

}  // namespace entrepot::server
