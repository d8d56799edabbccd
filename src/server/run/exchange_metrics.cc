#include "server/run/exchange_metrics.h"

#include <algorithm>

#include "api/distribution/api.h"
#include "server/run/operations.h"

namespace entrepot::server {
namespace {

constexpr std::string_view kRefused = "refused";  // what reached no route of api/distribution

}  // namespace

ExchangeMetrics::ExchangeMetrics(metrics::Registry& metrics)
    : other_(make_series(metrics, "other")) {
  for (const api::distribution::Route& route : api::distribution::routes()) {
    by_route_.try_emplace(route.label, make_series(metrics, route.label));
  }
  by_route_.try_emplace(kRefused, make_series(metrics, kRefused));
  for (const std::string_view label : operation_labels()) {
    by_route_.try_emplace(label, make_series(metrics, label));
  }
}

ExchangeMetrics::Series ExchangeMetrics::make_series(metrics::Registry& metrics,
                                                     std::string_view route) {
  const std::string name(route);
  Series series;
  constexpr const char* kClasses[] = {"1xx", "2xx", "3xx", "4xx", "5xx"};
  for (std::size_t i = 0; i < series.by_status.size(); ++i) {
    series.by_status[i] = &metrics.counter("entrepot_http_requests_total",
                                           "Requests answered, by route and class of status.",
                                           {{"route", name}, {"status", kClasses[i]}});
  }
  const metrics::Labels labels = {{"route", name}};
  series.received_bytes = &metrics.counter("entrepot_http_request_body_bytes_total",
                                           "Bytes of request bodies.", labels);
  series.sent_bytes = &metrics.counter("entrepot_http_response_body_bytes_total",
                                       "Bytes of answers' bodies.", labels);
  series.broken = &metrics.counter("entrepot_http_broken_total",
                                   "Exchanges whose client left before the whole answer.", labels);
  series.duration =
      &metrics.histogram("entrepot_http_request_duration_seconds",
                         "How long exchanges took, to the last byte of the answer.", labels);
  return series;
}

void ExchangeMetrics::record(const http::server::Exchange& exchange) {
  const auto found = by_route_.find(exchange.route);
  const Series& series = found == by_route_.end() ? other_ : found->second;
  series.by_status[static_cast<std::size_t>(std::clamp(exchange.status / 100, 1, 5)) - 1]->add();
  series.received_bytes->add(exchange.received_bytes);
  series.sent_bytes->add(exchange.sent_bytes);
  if (!exchange.complete) series.broken->add();
  series.duration->observe_micros(
      static_cast<std::uint64_t>(std::max<std::int64_t>(0, exchange.duration.count())));
}

}  // namespace entrepot::server
