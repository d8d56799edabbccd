#pragma once
// server/run/exchange_metrics.h — what the HTTP server did, by route.

#include <array>
#include <string_view>
#include <unordered_map>

#include "base/metrics.h"
#include "http/server/server.h"

namespace entrepot::server {

// Counts finished exchanges. Routes are a closed list, so the number of series is fixed when this
// is made; what names none of them counts as "other". Thread-safe, without locks.
class ExchangeMetrics {
 public:
  explicit ExchangeMetrics(metrics::Registry& metrics);

  void record(const http::server::Exchange& exchange);

 private:
  struct Series {
    std::array<metrics::Counter*, 5> by_status{};  // 1xx … 5xx
    metrics::Counter* received_bytes = nullptr;
    metrics::Counter* sent_bytes = nullptr;
    metrics::Counter* broken = nullptr;
    metrics::Histogram* duration = nullptr;
  };
  static Series make_series(metrics::Registry& metrics, std::string_view route);

  std::unordered_map<std::string_view, Series> by_route_;
  Series other_;
};

}  // namespace entrepot::server
