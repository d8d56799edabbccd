#include "mirror/freshness.h"

namespace entrepot::mirror {
namespace {

std::string key_of(std::string_view repository, std::string_view reference) {
  std::string key;
  key.reserve(repository.size() + 1 + reference.size());
  return key.append(repository).append(":").append(reference);
}

}  // namespace

std::optional<SteadyTime> Freshness::find(std::string_view repository,
                                          std::string_view reference) const {
  const std::string key = key_of(repository, reference);
  const MutexLock lock(mutex_);
  const auto found = until_.find(key);
  if (found == until_.end() || found->second <= clock_.steady()) return std::nullopt;
  return found->second;
}

void Freshness::set(std::string_view repository, std::string_view reference, SteadyTime until) {
  std::string key = key_of(repository, reference);
  const MutexLock lock(mutex_);
  if (until_.size() >= kMost) until_.clear();
  until_.insert_or_assign(std::move(key), until);
}

void Freshness::forget(std::string_view repository, std::string_view reference) {
  const std::string key = key_of(repository, reference);
  const MutexLock lock(mutex_);
  until_.erase(key);
}

}  // namespace entrepot::mirror
