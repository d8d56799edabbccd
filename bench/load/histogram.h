#pragma once
// bench/load/histogram.h — latencies, kept in buckets of 1.6 % width.

#include <array>
#include <cstdint>

namespace entrepot::bench {

// From 1 µs to over an hour. One thread at a time; merge() afterwards.
class Histogram {
 public:
  void add(std::uint64_t micros);
  void merge(const Histogram& other);
  std::uint64_t count() const { return count_; }
  std::uint64_t max() const { return max_; }
  // The upper end of the bucket that holds the `share`-th part (0.99) of all values.
  std::uint64_t percentile(double share) const;

 private:
  static constexpr unsigned kSubBits = 6;  // 64 buckets in each power of two
  static std::size_t bucket_of(std::uint64_t micros);
  static std::uint64_t upper_end(std::size_t bucket);

  std::array<std::uint64_t, 64 * 33> buckets_{};
  std::uint64_t count_ = 0, max_ = 0;
};

}  // namespace entrepot::bench
