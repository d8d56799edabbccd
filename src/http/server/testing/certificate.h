#pragma once
// http/server/testing/certificate.h — self-signed certificates for tests.

#include <string>

#include "http/server/tls.h"

namespace entrepot::http::server::testing {

// Writes `cert.pem` and `key.pem` (P-256, for localhost and 127.0.0.1) into the folder, over older
// ones. `valid_days` may be negative: expired. Dies when it cannot.
TlsOptions write_certificate(const std::string& folder, const std::string& common_name,
                             int valid_days = 30);

}  // namespace entrepot::http::server::testing
