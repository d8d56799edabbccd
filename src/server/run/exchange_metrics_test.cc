#include "server/run/exchange_metrics.h"

#include "base/testing/assert_ok.h"

namespace entrepot::server {
namespace {

http::server::Exchange exchange(std::string_view route, int status) {
  http::server::Exchange out;
  out.route = route;
  out.status = status;
  out.received_bytes = 10;
  out.sent_bytes = 20;
  out.duration = std::chrono::milliseconds(1);
  return out;
}

TEST(ExchangeMetrics, CountByRouteAndClass) {
  metrics::Registry metrics;
  ExchangeMetrics exchanges(metrics);
  exchanges.record(exchange("manifest", 200));
  exchanges.record(exchange("manifest", 206));
  exchanges.record(exchange("manifest", 404));
  const std::string text = metrics.to_text();
  for (const char* line :
       {"entrepot_http_requests_total{route=\"manifest\",status=\"2xx\"} 2\n",
        "entrepot_http_requests_total{route=\"manifest\",status=\"4xx\"} 1\n",
        "entrepot_http_request_body_bytes_total{route=\"manifest\"} 30\n",
        "entrepot_http_response_body_bytes_total{route=\"manifest\"} 60\n",
        "entrepot_http_request_duration_seconds_count{route=\"manifest\"} 3\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line;
  }
}

// Labels come from a closed list: no request can make a series.
TEST(ExchangeMetrics, TheNumberOfSeriesIsFixed) {
  metrics::Registry metrics;
  ExchangeMetrics exchanges(metrics);
  const auto lines = [&] {
    const std::string text = metrics.to_text();
    return std::count(text.begin(), text.end(), '\n');
  };
  const auto before = lines();
  for (const int status : {0, 99, 100, 200, 599, 600, -1}) {
    exchanges.record(exchange("never heard of", status));
    exchanges.record(exchange("", status));
  }
  EXPECT_EQ(lines(), before);
  EXPECT_NE(
      metrics.to_text().find("entrepot_http_requests_total{route=\"other\",status=\"2xx\"} 2\n"),
      std::string::npos);
}

TEST(ExchangeMetrics, BrokenAnswersAreCounted) {
  metrics::Registry metrics;
  ExchangeMetrics exchanges(metrics);
  auto broken = exchange("blob", 200);
  broken.complete = false;
  exchanges.record(broken);
  EXPECT_NE(metrics.to_text().find("entrepot_http_broken_total{route=\"blob\"} 1\n"),
            std::string::npos);
}

}  // namespace
}  // namespace entrepot::server
