#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include <fmt/ranges.h>

#include "http/message.h"
#include "http/server/tls.h"
#include "server/command/checks.h"
#include "server/run/certificate_watch.h"
#include "server/run/listeners.h"

namespace entrepot::server {
namespace {

// As clients compare (RFC 6125): "*" stands for the whole first label.
bool is_for(std::string_view pattern, std::string_view name) {
  if (http::equals_ignoring_case(pattern, name)) return true;
  const auto dot = name.find('.');
  return pattern.starts_with("*.") && dot != std::string_view::npos && dot > 0 &&
         http::equals_ignoring_case(pattern.substr(1), name.substr(dot));
}

void check_names(const Options& options, const http::server::TlsCertificate& certificate,
                 Findings& findings) {
  for (const std::string& name : options.names) {
    const bool is_known =
        std::any_of(certificate.names.begin(), certificate.names.end(),
                    [&](const std::string& pattern) { return is_for(pattern, name); });
    if (is_known) continue;
    findings.warning(
        "http.tls.certificate: it is not for {}, which `names` has; clients that use "
        "this name refuse it. Get one for all names",
        name);
  }
}

}  // namespace

void check_certificate(const Options& options, WallTime now, Findings& findings) {
  if (options.http_tls_certificate.empty()) return;
  const auto opened = http::server::TlsContext::open(tls_options(options));
  if (!opened) {
    findings.error("http.tls: {}", opened.error().message);
    return;
  }
  const http::server::TlsCertificate certificate = (*opened)->certificate();
  const std::string trouble = certificate_trouble(certificate, now);
  if (trouble.empty()) {
    findings.ok("http.tls: certificate and key belong together; it ends on {}, and is for {}",
                to_rfc3339(certificate.ends).substr(0, 10), fmt::join(certificate.names, ", "));
  } else {
    findings.warning("http.tls.certificate: {}", trouble);
  }
  check_names(options, certificate, findings);
}

void check_certificate_reload(const Options& options, Findings& findings) {
  if (options.http_tls_certificate.empty()) return;
  std::vector<std::string> files = {options.http_tls_certificate, options.http_tls_key};
  files.insert(files.end(), options.http_tls_client_ca.begin(), options.http_tls_client_ca.end());
  for (const std::string& file : files) {
    if (::access(file.c_str(), R_OK) == 0 || errno == ENOENT) continue;
    findings.warning(
        "http.tls: user {}, whom the server becomes, cannot read {} ({}), so a renewed "
        "certificate waits for a restart; let that user read it",
        ::geteuid(), file, std::generic_category().message(errno));
  }
}

}  // namespace entrepot::server
