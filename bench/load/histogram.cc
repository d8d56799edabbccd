#include "load/histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

namespace entrepot::bench {

std::size_t Histogram::bucket_of(std::uint64_t micros) {
  constexpr std::uint64_t kLinear = 1u << kSubBits;
  if (micros < kLinear) return micros;
  const std::size_t exponent = std::bit_width(micros) - 1u - kSubBits;  // of the power of two
  return (exponent + 1) * kLinear + ((micros >> exponent) - kLinear);
}

std::uint64_t Histogram::upper_end(std::size_t bucket) {
  constexpr std::uint64_t kLinear = 1u << kSubBits;
  if (bucket < kLinear) return bucket;
  const std::uint64_t exponent = bucket / kLinear - 1;
  return ((bucket % kLinear + kLinear + 1) << exponent) - 1;
}

void Histogram::add(std::uint64_t micros) {
  ++buckets_[std::min(bucket_of(micros), buckets_.size() - 1)];
  ++count_;
  max_ = std::max(max_, micros);
}

void Histogram::merge(const Histogram& other) {
  for (std::size_t i = 0; i < buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  max_ = std::max(max_, other.max_);
}

std::uint64_t Histogram::percentile(double share) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(count_)));
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < buckets_.size(); ++i) {
    seen += buckets_[i];
    if (seen >= wanted && seen > 0) return std::min(upper_end(i), max_);
  }
  return max_;
}

}  // namespace entrepot::bench
