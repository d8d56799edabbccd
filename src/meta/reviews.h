#pragma once
// meta/reviews.h — the collector's queue.

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include "base/result.h"
#include "meta/rows.h"

namespace entrepot::meta {

// A blob that the collector will look at.
struct Review {
  Digest digest;
  WallTime due_at;
};

// The collector's queue. A row is a promise to look, never a permission to delete.
class Reviews {
 public:
  virtual ~Reviews() = default;
  virtual Result<std::vector<Review>> due(WallTime now, std::size_t limit) const = 0;
  virtual Result<std::uint64_t> count() const = 0;
  // Is the blob waiting for review? Such a blob is not cached, and HEAD or mount of it pushes the
  // review back.
  virtual Result<bool> contains(const Digest& digest) const = 0;
  virtual Result<WallTime> due_at(const Digest& digest) const = 0;  // NotFound
  // Adds the digest (of a blob or not), or moves its review; an earlier time never replaces a later
  // one.
  virtual Result<void> push_back(const Digest& digest, WallTime due_at) = 0;
  virtual Result<void> drop(const Digest& digest) = 0;
  // The same for many, in one step; of blobs by their sha256.
  virtual Result<void> drop_all(const std::vector<Digest>& digests) = 0;
  // When the clock jumped: moves reviews by so much, and those that are later than `latest` then to
  // it. The next `limit` behind `after`, by digest; returns the last of them, nothing at the end.
  virtual Result<std::optional<Digest>> shift(std::chrono::microseconds by, WallTime latest,
                                              const std::optional<Digest>& after,
                                              std::size_t limit) = 0;
};

}  // namespace entrepot::meta
