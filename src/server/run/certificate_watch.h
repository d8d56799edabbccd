#pragma once
// server/run/certificate_watch.h — telling in time that the server's certificate ends.

#include <chrono>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "http/server/tls.h"

namespace entrepot::server {

// So long before its end a certificate is warned about.
inline constexpr std::chrono::hours kCertificateWarning{14 * 24};

// What is wrong with the time of a certificate, and what to do; empty when nothing is.
std::string certificate_trouble(const http::server::TlsCertificate& certificate, WallTime now);

// A gauge of the end, and from kCertificateWarning before it a warning in the log: at once, daily,
// and at once for another certificate. Not thread-safe; does not block.
class CertificateWatch {
 public:
  // `tls` null: there is no TLS, and the gauge stays 0.
  CertificateWatch(std::shared_ptr<const http::server::TlsContext> tls, const Clock& clock,
                   metrics::Registry& metrics);

  // To be called every few seconds.
  void look();

 private:
  const std::shared_ptr<const http::server::TlsContext> tls_;
  const Clock& clock_;
  metrics::Gauge& ends_;
  WallTime watched_end_;  // of the certificate that was looked at last
  std::optional<SteadyTime> warned_at_;
};

}  // namespace entrepot::server
