#include "base/metrics.h"

#include <thread>

#include <gtest/gtest.h>

namespace entrepot::metrics {
namespace {

TEST(Metrics, PrintsFamiliesSortedByName) {
  Registry registry;
  registry.counter("b_total", "Bees.", {{"kind", "wild"}}).add(3);
  registry.counter("b_total", "Bees.", {{"kind", "tame"}}).add();
  registry.gauge("a_now", "Ants.").set(-5);
  registry.gauge_from("c_bytes", "Cells.", [] { return 1.5; });
  registry.counter_from("d_total", "Drops.", [] { return 2.0; });
  EXPECT_EQ(registry.to_text(),
            "# HELP a_now Ants.\n"
            "# TYPE a_now gauge\n"
            "a_now -5\n"
            "# HELP b_total Bees.\n"
            "# TYPE b_total counter\n"
            "b_total{kind=\"tame\"} 1\n"
            "b_total{kind=\"wild\"} 3\n"
            "# HELP c_bytes Cells.\n"
            "# TYPE c_bytes gauge\n"
            "c_bytes 1.5\n"
            "# HELP d_total Drops.\n"
            "# TYPE d_total counter\n"
            "d_total 2\n");
  EXPECT_EQ(registry.names(), (std::vector<std::string>{"a_now", "b_total", "c_bytes", "d_total"}));
}

TEST(Metrics, EscapesLabelValues) {
  Registry registry;
  registry.gauge("g", "G.", {{"a", "x\"y\\z\n"}, {"b", ""}});
  EXPECT_NE(registry.to_text().find(R"(g{a="x\"y\\z\n",b=""} 0)"), std::string::npos);
}

TEST(Metrics, SameNameAndLabelsAreTheSameMetric) {
  Registry registry;
  Counter& first = registry.counter("c_total", "C.", {{"l", "1"}});
  EXPECT_EQ(&registry.counter("c_total", "C.", {{"l", "1"}}), &first);
  EXPECT_NE(&registry.counter("c_total", "C.", {{"l", "2"}}), &first);
  Gauge& gauge = registry.gauge("g", "G.");
  gauge.add(7);
  gauge.add(-10);
  EXPECT_EQ(registry.gauge("g", "G.").value(), -3);
}

TEST(MetricsDeathTest, OneNameHasOneType) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  Registry registry;
  registry.counter("x", "X.");
  EXPECT_DEATH(registry.gauge("x", "X."), "broken invariant");
}

// Buckets count everything up to their bound, the bound included; the last is everything.
TEST(Metrics, HistogramBucketsAreCumulative) {
  Registry registry;
  Histogram& histogram = registry.histogram("h_seconds", "H.", {{"route", "x"}});
  for (const std::uint64_t micros : {0u, 100u, 101u, 1'000'000u, 100'000'000u, 100'000'001u}) {
    histogram.observe_micros(micros);
  }
  const std::string text = registry.to_text();
  for (const std::string_view line :
       {"# TYPE h_seconds histogram\n", "h_seconds_bucket{route=\"x\",le=\"0.0001\"} 2\n",
        "h_seconds_bucket{route=\"x\",le=\"0.0002\"} 3\n",
        "h_seconds_bucket{route=\"x\",le=\"0.5\"} 3\n",
        "h_seconds_bucket{route=\"x\",le=\"1\"} 4\n",
        "h_seconds_bucket{route=\"x\",le=\"100\"} 5\n",
        "h_seconds_bucket{route=\"x\",le=\"+Inf\"} 6\n", "h_seconds_sum{route=\"x\"} 201.000202\n",
        "h_seconds_count{route=\"x\"} 6\n"}) {
    EXPECT_NE(text.find(line), std::string::npos) << line << "in\n" << text;
  }
}

TEST(Metrics, HistogramWithoutLabelsPrintsNoEmptyBraces) {
  Registry registry;
  registry.histogram("h_seconds", "H.").observe_micros(1);
  const std::string text = registry.to_text();
  EXPECT_NE(text.find("h_seconds_bucket{le=\"0.0001\"} 1\n"), std::string::npos);
  EXPECT_NE(text.find("h_seconds_sum 1e-06\n"), std::string::npos) << text;
  EXPECT_NE(text.find("h_seconds_count 1\n"), std::string::npos);
}

// Readers belong to others and may declare metrics, or hold a lock under which others do.
TEST(Metrics, ReadersRunWithoutTheLock) {
  Registry registry;
  registry.gauge_from("g", "G.", [&] {
    registry.counter("made_inside_total", "M.").add();
    return 2.0;
  });
  EXPECT_NE(registry.to_text().find("g 2\n"), std::string::npos);
  registry.gauge_from("g", "G.", [] { return 3.0; });
  EXPECT_NE(registry.to_text().find("g 3\n"), std::string::npos);
}

TEST(Metrics, CountsFromManyThreads) {
  Registry registry;
  std::vector<std::thread> threads(4);
  for (std::thread& thread : threads) {
    thread = std::thread([&] {
      for (int j = 0; j < 1000; ++j) {
        registry.counter("c_total", "C.").add();
        registry.histogram("h_seconds", "H.").observe_micros(1);
        if (j % 100 == 0) {
          EXPECT_FALSE(registry.to_text().empty());
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(registry.counter("c_total", "C.").value(), 4000u);
  EXPECT_NE(registry.to_text().find("h_seconds_count 4000\n"), std::string::npos);
}

}  // namespace
}  // namespace entrepot::metrics
