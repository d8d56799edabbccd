#pragma once
// base/metrics.h — counters, gauges and histograms, and their Prometheus text form.

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/mutex.h"

namespace entrepot::metrics {

// A number that only grows. Thread-safe, one relaxed atomic add.
class Counter {
 public:
  void add(std::uint64_t by = 1) { value_.fetch_add(by, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_ = 0;
};

// A number that goes up and down. Thread-safe.
class Gauge {
 public:
  void set(std::int64_t value) { value_.store(value, std::memory_order_relaxed); }
  void add(std::int64_t by) { value_.fetch_add(by, std::memory_order_relaxed); }
  std::int64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::int64_t> value_ = 0;
};

// How long things took, in fixed buckets from 100 µs to 100 s (three a decade). Thread-safe.
class Histogram {
 public:
  void observe_micros(std::uint64_t micros);

 private:
  friend class Registry;
  static constexpr std::size_t kBuckets = 19;
  std::atomic<std::uint64_t> buckets_[kBuckets + 1] = {};
  std::atomic<std::uint64_t> sum_micros_ = 0;
};

// Pairs in the order in which they are printed: {{"method", "GET"}, {"status", "200"}}.
using Labels = std::vector<std::pair<std::string, std::string>>;

// Where every metric of the process is declared. Labels take their values from closed lists only
// (never a path, a name or a header), so the number of series is bounded. Returned references live
// as long as the registry: look up once, keep the reference. Thread-safe.
class Registry {
 public:
  Counter& counter(std::string_view name, std::string_view help, const Labels& labels = {});
  Gauge& gauge(std::string_view name, std::string_view help, const Labels& labels = {});
  Histogram& histogram(std::string_view name, std::string_view help, const Labels& labels = {});

  // A value asked for at each scrape; `read` must not block, and must work as long as the registry
  // lives. A second one of the same name replaces the first.
  void gauge_from(std::string_view name, std::string_view help, std::function<double()> read);
  // The same for a number that only grows and is kept elsewhere.
  void counter_from(std::string_view name, std::string_view help, std::function<double()> read);

  // Prometheus text format 0.0.4, families sorted by name.
  std::string to_text() const;

  // Names of all families: the reference page is tested against it.
  std::vector<std::string> names() const;

 private:
  struct Family {
    std::string type, help;
    std::map<std::string, std::unique_ptr<Counter>> counters;  // by printed labels
    std::map<std::string, std::unique_ptr<Gauge>> gauges;
    std::map<std::string, std::unique_ptr<Histogram>> histograms;
    std::function<double()> read;
  };
  std::map<std::string, double> read_all() const;
  Family& family(std::string_view name, std::string_view help, std::string_view type)
      ENTREPOT_REQUIRES(mutex_);
  static void print_histogram(std::string& out, const std::string& name, const std::string& labels,
                              const Histogram& histogram);

  mutable Mutex mutex_;
  std::map<std::string, Family, std::less<>> families_ ENTREPOT_GUARDED_BY(mutex_);
};

}  // namespace entrepot::metrics
