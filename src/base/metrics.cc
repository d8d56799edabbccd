#include "base/metrics.h"

#include <array>
#include <iterator>

#include <fmt/format.h>

#include "base/check.h"

namespace entrepot::metrics {
namespace {

// Upper bounds: 100 µs, 200, 500, 1 ms … 100 s.
constexpr std::array<std::uint64_t, 19> kBoundsMicros = {
    100,       200,        500,        1'000,      2'000,      5'000,     10'000,
    20'000,    50'000,     100'000,    200'000,    500'000,    1'000'000, 2'000'000,
    5'000'000, 10'000'000, 20'000'000, 50'000'000, 100'000'000};

std::string print(const Labels& labels) {
  std::string out;
  for (const auto& [key, value] : labels) {
    if (!out.empty()) out += ',';
    out += key + "=\"";
    for (const char c : value) {
      if (c == '"' || c == '\\') out += '\\';
      if (c == '\n') {
        out += "\\n";
      } else {
        out += c;
      }
    }
    out += '"';
  }
  return out;
}

std::string braced(const std::string& labels) {
  return labels.empty() ? labels : "{" + labels + "}";
}

template <class T>
T& slot(std::map<std::string, std::unique_ptr<T>>& series, const Labels& labels) {
  auto& held = series[print(labels)];
  if (!held) held = std::make_unique<T>();
  return *held;
}

}  // namespace

void Histogram::observe_micros(std::uint64_t micros) {
  std::size_t bucket = 0;
  while (bucket < kBuckets && micros > kBoundsMicros[bucket]) ++bucket;
  buckets_[bucket].fetch_add(1, std::memory_order_relaxed);
  sum_micros_.fetch_add(micros, std::memory_order_relaxed);
}

Registry::Family& Registry::family(std::string_view name, std::string_view help,
                                   std::string_view type) {
  auto [at, made] = families_.try_emplace(std::string(name));
  if (made) {
    at->second.type = type;
    at->second.help = help;
  }
  CHECK(at->second.type == type);
  return at->second;
}

Counter& Registry::counter(std::string_view name, std::string_view help, const Labels& labels) {
  const MutexLock lock(mutex_);
  return slot(family(name, help, "counter").counters, labels);
}

Gauge& Registry::gauge(std::string_view name, std::string_view help, const Labels& labels) {
  const MutexLock lock(mutex_);
  return slot(family(name, help, "gauge").gauges, labels);
}

Histogram& Registry::histogram(std::string_view name, std::string_view help, const Labels& labels) {
  const MutexLock lock(mutex_);
  return slot(family(name, help, "histogram").histograms, labels);
}

void Registry::gauge_from(std::string_view name, std::string_view help,
                          std::function<double()> read) {
  const MutexLock lock(mutex_);
  family(name, help, "gauge").read = std::move(read);
}

void Registry::counter_from(std::string_view name, std::string_view help,
                            std::function<double()> read) {
  const MutexLock lock(mutex_);
  family(name, help, "counter").read = std::move(read);
}

void Registry::print_histogram(std::string& out, const std::string& name, const std::string& labels,
                               const Histogram& histogram) {
  const std::string comma = labels.empty() ? "" : labels + ",";
  auto to = std::back_inserter(out);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i <= Histogram::kBuckets; ++i) {
    total += histogram.buckets_[i].load(std::memory_order_relaxed);
    const std::string bound = i < Histogram::kBuckets
                                  ? fmt::format("{}", static_cast<double>(kBoundsMicros[i]) / 1e6)
                                  : "+Inf";
    fmt::format_to(to, "{}_bucket{{{}le=\"{}\"}} {}\n", name, comma, bound, total);
  }
  const auto sum = static_cast<double>(histogram.sum_micros_.load(std::memory_order_relaxed));
  fmt::format_to(to, "{}_sum{} {}\n{}_count{} {}\n", name, braced(labels), sum / 1e6, name,
                 braced(labels), total);
}

// Calls the readers without the lock: they belong to others, who may hold locks of their own.
std::map<std::string, double> Registry::read_all() const {
  std::map<std::string, std::function<double()>> readers;
  {
    const MutexLock lock(mutex_);
    for (const auto& [name, family] : families_) {
      if (family.read) readers.emplace(name, family.read);
    }
  }
  std::map<std::string, double> values;
  for (const auto& [name, read] : readers) values.emplace(name, read());
  return values;
}

std::string Registry::to_text() const {
  const std::map<std::string, double> read = read_all();
  const MutexLock lock(mutex_);
  std::string out;
  auto to = std::back_inserter(out);
  for (const auto& [name, family] : families_) {
    fmt::format_to(to, "# HELP {} {}\n# TYPE {} {}\n", name, family.help, name, family.type);
    for (const auto& [labels, counter] : family.counters) {
      fmt::format_to(to, "{}{} {}\n", name, braced(labels), counter->value());
    }
    for (const auto& [labels, gauge] : family.gauges) {
      fmt::format_to(to, "{}{} {}\n", name, braced(labels), gauge->value());
    }
    for (const auto& [labels, histogram] : family.histograms) {
      print_histogram(out, name, labels, *histogram);
    }
    if (const auto value = read.find(name); value != read.end()) {
      fmt::format_to(to, "{} {}\n", name, value->second);
    }
  }
  return out;
}

std::vector<std::string> Registry::names() const {
  const MutexLock lock(mutex_);
  std::vector<std::string> names;
  names.reserve(families_.size());
  for (const auto& [name, family] : families_) names.push_back(name);
  return names;
}

}  // namespace entrepot::metrics
