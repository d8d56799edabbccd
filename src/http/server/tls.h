#pragma once
// http/server/tls.h — the server's certificate and TLS rules.

#include <memory>
#include <string>

#include "base/result.h"

struct ssl_ctx_st;

namespace entrepot::http::server {

struct TlsOptions {
  std::string certificate_path;  // PEM, leaf first, then intermediates
  std::string key_path;          // PEM
  bool tls12 = true;             // TLS 1.2 (ECDHE with AEAD only) beside 1.3
};

// Thread-safe. New connections use what reload() loaded last; running ones are not touched.
class TlsContext {
 public:
  // InvalidArgument with the file and reason: unreadable, not PEM, key and certificate do not
  // match, expired is only warned about.
  static Result<std::shared_ptr<TlsContext>> open(TlsOptions options);

  // Reads the files again. On an error what was loaded stays in use.
  virtual Result<void> reload() = 0;

  // True when a file changed since it was loaded; the server asks every few seconds and reloads by
  // itself.
  virtual bool stale() const = 0;

  // The OpenSSL context for a new connection; the caller holds the reference.
  virtual std::shared_ptr<ssl_ctx_st> current() const = 0;

  virtual ~TlsContext() = default;
};

}  // namespace entrepot::http::server
