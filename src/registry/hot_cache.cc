#include "registry/hot_cache.h"

#include <cstring>
#include <functional>
#include <vector>

#include "base/memory.h"

namespace entrepot::registry {
namespace {

// "repository\nreference": a newline stands in neither.
constexpr char kSeparator = '\n';
constexpr std::size_t kMaxKey = 255 + 1 + 135;

// Joins two parts without allocating; empty when they are longer than any real key.
class Key {
 public:
  Key(std::string_view first, std::string_view second) {
    if (first.size() + 1 + second.size() > kMaxKey) return;
    std::memcpy(text_, first.data(), first.size());
    text_[first.size()] = kSeparator;
    std::memcpy(text_ + first.size() + 1, second.data(), second.size());
    size_ = first.size() + 1 + second.size();
  }
  std::string_view view() const { return {text_, size_}; }

 private:
  char text_[kMaxKey];
  std::size_t size_ = 0;
};

}  // namespace

template <class Value>
std::shared_ptr<const Value> HotCache::Shard<Value>::find(std::string_view key) {
  const MutexLock lock(mutex);
  const auto at = by_key.find(key);
  if (at == by_key.end()) return nullptr;
  recent.splice(recent.begin(), recent, at->second);
  return at->second->value;
}

template <class Value>
void HotCache::Shard<Value>::drop(typename std::list<Entry>::iterator at) {
  weight -= at->weight;
  by_key.erase(at->key);
  recent.erase(at);
}

template <class Value>
void HotCache::Shard<Value>::fill(Ticket ticket, Entry entry, std::size_t limit) {
  const MutexLock lock(mutex);
  if (ticket.epoch_ != epoch || entry.weight > limit / 4) return;
  if (const auto old = by_key.find(entry.key); old != by_key.end()) drop(old->second);
  weight += entry.weight;
  recent.push_front(std::move(entry));
  by_key.emplace(recent.front().key, recent.begin());
  while (weight > limit) drop(std::prev(recent.end()));
}

HotCache::HotCache(Options options, metrics::Registry& metrics)
    : options_(options),
      manifest_hits_(
          metrics.counter("entrepot_cache_manifest_hits_total", "Manifests answered from memory.")),
      manifest_misses_(metrics.counter("entrepot_cache_manifest_misses_total",
                                       "Manifests that had to be read from the store.")) {}

HotCache::Shard<HotManifest>& HotCache::manifest_shard(std::string_view key) {
  return manifests_[crypto::SeededHash()(key) % kShards];
}

HotCache::Shard<HotBlob>& HotCache::blob_shard(std::string_view digest) {
  return blobs_[crypto::SeededHash()(digest) % kShards];
}

std::shared_ptr<const HotManifest> HotCache::find_manifest(std::string_view repository,
                                                           std::string_view reference) {
  const Key key(repository, reference);
  auto found = manifest_shard(key.view()).find(key.view());
  (found ? manifest_hits_ : manifest_misses_).add();
  return found;
}

std::shared_ptr<const HotBlob> HotCache::find_blob(std::string_view repository,
                                                   std::string_view digest) {
  const Key key(digest, repository);
  return blob_shard(digest).find(key.view());
}

HotCache::Ticket HotCache::manifest_ticket(std::string_view repository,
                                           std::string_view reference) {
  const Key key(repository, reference);
  auto& shard = manifest_shard(key.view());
  Ticket ticket;
  const MutexLock lock(shard.mutex);
  ticket.epoch_ = shard.epoch;
  return ticket;
}

HotCache::Ticket HotCache::blob_ticket(std::string_view digest) {
  auto& shard = blob_shard(digest);
  Ticket ticket;
  const MutexLock lock(shard.mutex);
  ticket.epoch_ = shard.epoch;
  return ticket;
}

void HotCache::fill_manifest(Ticket ticket, std::string_view repository, std::string_view reference,
                             std::shared_ptr<const HotManifest> manifest) {
  const Key key(repository, reference);
  const std::size_t weight = key.view().size() + manifest->bytes->size() + 256;
  manifest_shard(key.view())
      .fill(ticket, {std::string(key.view()), weight, std::move(manifest)},
            options_.manifest_bytes / kShards);
}

void HotCache::fill_blob(Ticket ticket, std::string_view repository,
                         std::shared_ptr<const HotBlob> blob) {
  const Key key(blob->digest, repository);
  auto& shard = blob_shard(blob->digest);
  shard.fill(ticket, {std::string(key.view()), 1, std::move(blob)},
             options_.blob_entries / kShards);
}

void HotCache::heard(const meta::News& news) noexcept {
  for (const auto& entry : news.entries) heard(entry.event);
  for (const oci::Digest& digest : news.blobs) invalidate_blob(digest);
  // Who can tell which manifests lead to what is damaged?
  if (news.manifests) forget_manifests();
}

// A manifest that came is not here yet, under its digest.
void HotCache::heard(const events::Event& event) {
  if (!event.repository) return;
  if (event.tag) invalidate_manifest(event.repository->str(), event.tag->str());
  if (event.kind == events::EventKind::ManifestDeleted && event.digest) {
    invalidate_manifest(event.repository->str(), *event.digest);
  }
}

void HotCache::invalidate_manifest(std::string_view repository, std::string_view reference) {
  const Key key(repository, reference);
  auto& shard = manifest_shard(key.view());
  const MutexLock lock(shard.mutex);
  ++shard.epoch;
  if (const auto at = shard.by_key.find(key.view()); at != shard.by_key.end()) {
    shard.drop(at->second);
  }
}

void HotCache::invalidate_manifest(std::string_view repository, const oci::Digest& digest) {
  if (!had_memory([&] { invalidate_manifest(repository, digest.to_string()); })) {
    forget_manifests();
  }
}

void HotCache::invalidate_blob(const oci::Digest& digest) {
  const auto forget = [&] {
    const std::string text = digest.to_string();
    auto& shard = blob_shard(text);
    const MutexLock lock(shard.mutex);
    ++shard.epoch;
    // At most blob_entries / kShards to look at, and no pull comes here.
    for (auto at = shard.recent.begin(); at != shard.recent.end();) {
      const auto next = std::next(at);
      if (at->value->digest == text) shard.drop(at);
      at = next;
    }
  };
  if (!had_memory(forget)) forget_blobs();
}

template <class Value>
void HotCache::Shard<Value>::forget() {
  const MutexLock lock(mutex);
  ++epoch;
  while (!recent.empty()) drop(recent.begin());
}

void HotCache::forget_manifests() {
  for (auto& shard : manifests_) shard.forget();
}

void HotCache::forget_blobs() {
  for (auto& shard : blobs_) shard.forget();
}

}  // namespace entrepot::registry
