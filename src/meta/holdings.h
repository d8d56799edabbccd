#pragma once
// meta/holdings.h — what a manifest that is being pushed counts on.

#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "meta/rows.h"

namespace entrepot::meta {

// What a repository has under a digest that a manifest names. Where it has a blob, nothing is told
// of a manifest.
struct Holding {
  std::optional<Blob> blob;               // its own, under its sha256
  std::optional<std::uint64_t> manifest;  // the size of a live one of this digest, in bytes
  bool lost_blob = false;                 // it had one, and has it no more: Blobs::was_linked
  bool lost_manifest = false;             // it had one: Manifests::was_deleted
  bool waits_for_review = false;          // the blob
};

// What a manifest that is being pushed counts on. Meant for a Snapshot, before the transaction: the
// look-ups grow with the manifest, and all who write wait for each other.
class Holdings {
 public:
  virtual ~Holdings() = default;

  // What the repository has under each of the digests, in their order. One step, however many.
  virtual Result<std::vector<Holding>> of(RepositoryId repository,
                                          const std::vector<Digest>& digests) const = 0;

  // Another number after every write, by whatever process, that took something away from a holding:
  // a link, a blob's bytes, a manifest. While it is the same, what of() told is still there; only
  // more may have come, to the repository and to the collector's queue.
  virtual Result<std::uint64_t> losses() const = 0;
};

}  // namespace entrepot::meta
