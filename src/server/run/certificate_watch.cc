#include "server/run/certificate_watch.h"

#include <utility>

#include "base/log.h"

namespace entrepot::server {
namespace {

constexpr std::chrono::hours kDay{24};

std::string day_of(WallTime time) { return to_rfc3339(time).substr(0, 10); }

}  // namespace

std::string certificate_trouble(const http::server::TlsCertificate& certificate, WallTime now) {
  if (now >= certificate.ends) {
    return fmt::format("the certificate ended on {}, so clients refuse it; replace it",
                       day_of(certificate.ends));
  }
  if (now < certificate.begins) {
    return fmt::format(
        "the certificate is good from {} on, so clients refuse it until then; is "
        "this machine's clock right?",
        day_of(certificate.begins));
  }
  const auto left = certificate.ends - now;
  if (left > kCertificateWarning) return {};
  return fmt::format("the certificate ends on {}, in {} days; renew it", day_of(certificate.ends),
                     std::chrono::floor<std::chrono::hours>(left).count() / kDay.count());
}

CertificateWatch::CertificateWatch(std::shared_ptr<const http::server::TlsContext> tls,
                                   const Clock& clock, metrics::Registry& metrics)
    : tls_(std::move(tls)),
      clock_(clock),
      ends_(metrics.gauge("entrepot_tls_certificate_expires_timestamp_seconds",
                          "When the certificate that is in use ends, since 1970; 0: no TLS.")) {}

void CertificateWatch::look() {
  if (tls_ == nullptr) return;
  const http::server::TlsCertificate certificate = tls_->certificate();
  ends_.set(std::chrono::floor<std::chrono::seconds>(certificate.ends.time_since_epoch()).count());
  if (std::exchange(watched_end_, certificate.ends) != certificate.ends) warned_at_.reset();
  if (warned_at_ && clock_.steady() - *warned_at_ < kDay) return;
  const std::string trouble = certificate_trouble(certificate, clock_.wall());
  if (trouble.empty()) return;
  warned_at_ = clock_.steady();
  log::warning("{}", trouble);
}

}  // namespace entrepot::server
