#pragma once
// registry/hot_cache.h — what pulls ask for again and again, answered from memory.

#include <array>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/clock.h"
#include "base/metrics.h"
#include "base/mutex.h"
#include "base/source.h"
#include "crypto/seeded_hash.h"
#include "meta/news.h"
#include "oci/digest.h"
#include "registry/pull_counts.h"

namespace entrepot::registry {

// A manifest as it is sent.
struct HotManifest {
  std::string digest;  // printed
  std::string media_type;
  SharedBytes bytes;
  std::optional<SteadyTime> until = {};  // it may be told of; the cache does not look
  std::shared_ptr<Tally> tally = {};     // null: nobody counts
};

// A blob that one repository has.
struct HotBlob {
  std::string digest;  // printed, as the client asked for it
  std::uint64_t size_bytes = 0;
  std::shared_ptr<const OpenFile> file;  // null where the store has no files
  std::optional<SteadyTime> until;       // it may be told of; the cache does not look
};

// The one cache of the process: manifests by (repository, tag or digest), blobs by (repository,
// digest). Sharded, bounded, thread-safe; find() holds a shard's mutex for a look-up only, so event
// loops may call it.
//
// Freshness: whoever fills takes a ticket before reading the store; a fill is dropped when the
// key's shard was invalidated since. The cache listens to the store (meta::Store::listen), and
// forgets what a write changed after its commit and before its answer. So nobody reads an older
// state than one that was acknowledged before the read began.
class HotCache final : public meta::Listener {
 public:
  struct Options {
    std::size_t manifest_bytes = 64u << 20;  // of manifest bodies and their keys, in all
    std::size_t blob_entries = 4096;         // each may hold a file descriptor
  };
  HotCache(Options options, metrics::Registry& metrics);

  // `reference` is a tag or a printed digest, as in a path. Null: not here.
  std::shared_ptr<const HotManifest> find_manifest(std::string_view repository,
                                                   std::string_view reference);
  std::shared_ptr<const HotBlob> find_blob(std::string_view repository, std::string_view digest);

  class Ticket {
    friend class HotCache;
    std::uint64_t epoch_ = 0;
  };
  Ticket manifest_ticket(std::string_view repository, std::string_view reference);
  Ticket blob_ticket(std::string_view digest);
  void fill_manifest(Ticket ticket, std::string_view repository, std::string_view reference,
                     std::shared_ptr<const HotManifest> manifest);
  void fill_blob(Ticket ticket, std::string_view repository, std::shared_ptr<const HotBlob> blob);

  // Without memory, too: then more is forgotten.
  void heard(const meta::News& news) noexcept override;

 private:
  void heard(const events::Event& event);
  void invalidate_manifest(std::string_view repository, std::string_view reference);
  void invalidate_manifest(std::string_view repository, const oci::Digest& digest);
  // In every repository.
  void invalidate_blob(const oci::Digest& digest);
  // Everything, and what is being filled now.
  void forget_manifests();
  void forget_blobs();

  // One least-recently-used map. The key of a blob begins with its digest, so that all of a
  // digest's entries are in one shard and side by side.
  template <class Value>
  struct Shard {
    struct Entry {
      std::string key;
      std::size_t weight = 0;
      std::shared_ptr<const Value> value;
    };
    Mutex mutex;
    std::uint64_t epoch ENTREPOT_GUARDED_BY(mutex) = 0;
    std::size_t weight ENTREPOT_GUARDED_BY(mutex) = 0;
    std::list<Entry> recent ENTREPOT_GUARDED_BY(mutex);  // newest first
    std::unordered_map<std::string_view, typename std::list<Entry>::iterator, crypto::SeededHash>
        by_key ENTREPOT_GUARDED_BY(mutex);

    std::shared_ptr<const Value> find(std::string_view key);
    void fill(Ticket ticket, Entry entry, std::size_t limit);
    void drop(typename std::list<Entry>::iterator at) ENTREPOT_REQUIRES(mutex);
    void forget();
  };
  static constexpr std::size_t kShards = 16;

  Shard<HotManifest>& manifest_shard(std::string_view key);
  Shard<HotBlob>& blob_shard(std::string_view digest);

  const Options options_;
  std::array<Shard<HotManifest>, kShards> manifests_;
  std::array<Shard<HotBlob>, kShards> blobs_;
  metrics::Counter& manifest_hits_;
  metrics::Counter& manifest_misses_;
};

}  // namespace entrepot::registry
