#include "people/throttle.h"

#include <algorithm>

namespace entrepot::people {
namespace {

// "10.1.2" of 10.1.2.3, the first four groups of an IPv6 address.
std::string_view network_of(std::string_view address) {
  const bool is_v6 = address.find(':') != std::string_view::npos;
  if (!is_v6) return address.substr(0, address.rfind('.'));
  std::size_t end = 0;
  for (int groups = 0; groups < 4 && end < address.size(); ++groups) {
    end = address.find(':', end);
    if (end == std::string_view::npos) return address;
    ++end;
  }
  return address.substr(0, end);
}

std::string pair_key(std::string_view account, std::string_view address) {
  return std::string(account) + ' ' + std::string(network_of(address));
}

}  // namespace

Throttle::Bucket& Throttle::bucket(const std::string& key) {
  if (buckets_.size() >= kMostBuckets) buckets_.clear();
  const SteadyTime now = clock_.steady();
  const auto [found, is_new] = buckets_.try_emplace(key, Bucket{0, now});
  Bucket& bucket = found->second;
  const std::chrono::duration<double> passed = now - bucket.at;
  bucket.level = std::max(0.0, bucket.level - passed / kPeriod);
  bucket.at = now;
  return bucket;
}

Result<void> Throttle::ask(std::string_view account, std::string_view address) {
  const MutexLock lock(mutex_);
  const Bucket pair = bucket(pair_key(account, address));
  const bool network_full = bucket(std::string(network_of(address))).level >= kOfNetwork;
  if (pair.level < kOfAccount && (pair.trusted || !network_full)) return {};
  return fail(ErrorCode::RateLimited,
              "too many wrong passwords from here: wait a minute, then try again");
}

void Throttle::failed(std::string_view account, std::string_view address) {
  const MutexLock lock(mutex_);
  bucket(pair_key(account, address)).level += 1;
  bucket(std::string(network_of(address))).level += 1;
}

void Throttle::succeeded(std::string_view account, std::string_view address) {
  const MutexLock lock(mutex_);
  Bucket& pair = bucket(pair_key(account, address));
  pair.level = 0;
  pair.trusted = true;
}

}  // namespace entrepot::people
