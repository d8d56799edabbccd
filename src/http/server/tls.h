#pragma once
// http/server/tls.h — the server's certificate and TLS rules.

#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"

struct ssl_ctx_st;

namespace entrepot::http::server {

struct TlsOptions {
  std::string certificate_path;  // PEM, leaf first, then intermediates
  std::string key_path;          // PEM
  bool tls12 = true;             // TLS 1.2 (ECDHE with AEAD only) beside 1.3

  // PEM files of authorities. Where there are some, a client without a certificate that one of them
  // signed (for clients, in its time) gets no further than the handshake. Lists of revoked
  // certificates are not read.
  std::vector<std::string> client_ca_paths = {};
};

// What a server's certificate says of itself.
struct TlsCertificate {
  WallTime begins;
  WallTime ends;
  std::vector<std::string> names;  // "registry.example", "*.example", "127.0.0.1"; its common name
                                   // where it has none of these
};

// Thread-safe. New connections use what reload() loaded last; running ones are not touched.
class TlsContext {
 public:
  // InvalidArgument with the file, the reason and what to do: unreadable, not PEM, key and
  // certificate do not match. One that has expired is taken: see certificate().
  static Result<std::shared_ptr<TlsContext>> open(TlsOptions options);

  // Reads the files again. On an error what was loaded stays in use.
  virtual Result<void> reload() = 0;

  // True when a file changed since it was loaded; the server asks every few seconds and reloads by
  // itself.
  virtual bool stale() const = 0;

  // Of the pair that is in use.
  virtual TlsCertificate certificate() const = 0;

  // The OpenSSL context for a new connection; the caller holds the reference.
  virtual std::shared_ptr<ssl_ctx_st> current() const = 0;

  virtual ~TlsContext() = default;
};

}  // namespace entrepot::http::server
