#pragma once
// meta/blobs.h — which bytes exist, and which repository has them.

#include <optional>
#include <vector>

#include "base/result.h"
#include "meta/rows.h"

namespace entrepot::meta {

// Which bytes exist, and which repository has them. `digest` may be an alias (sha512) wherever a
// blob is looked up; rows always hold the sha256.
class Blobs {
 public:
  virtual ~Blobs() = default;

  // The blob, if this repository has it: repository_blobs alone decides. One indexed look-up.
  virtual Result<Blob> find(const RepositoryName& name, const Digest& digest) const = 0;
  virtual Result<Blob> find(RepositoryId repository, const Digest& digest) const = 0;
  // The blob wherever it is (mount without `from`, dedupe); NotFound also while its bytes are
  // going or damaged, as for every find().
  virtual Result<Blob> find_anywhere(const Digest& digest) const = 0;
  // All blobs but those that are going or damaged, ascending by digest.
  virtual Result<std::vector<Blob>> list(const std::optional<Digest>& after,
                                         std::size_t limit) const = 0;
  // Repositories that link it, ascending by id; those of a going or damaged blob, too.
  virtual Result<std::vector<RepositoryId>> holders(const Digest& digest,
                                                    std::size_t limit) const = 0;
  // When the repository's link to the blob was made. NotFound.
  virtual Result<WallTime> linked_at(RepositoryId repository, const Digest& digest) const = 0;
  // Did the repository have this blob, and has it no more (its link was deleted, or its bytes are
  // going, gone or damaged)? Then a manifest may not count on it, not even a sparse one.
  virtual Result<bool> was_linked(RepositoryId repository, const Digest& digest) const = 0;

  // The store holds these bytes: they are neither going nor damaged any more. `alias` is another
  // algorithm's digest of the same bytes.
  virtual Result<void> record(const Blob& blob, const std::optional<Digest>& alias,
                              WallTime now) = 0;
  // NotFound when the store does not hold the bytes. Linking again moves the link's time.
  virtual Result<void> link(RepositoryId repository, const Digest& digest, WallTime at) = 0;
  virtual Result<void> unlink(RepositoryId repository, const Digest& digest) = 0;  // NotFound
  // Marks the bytes as going: no find() sees the blob any more. NotFound.
  virtual Result<void> mark_going(const Digest& digest) = 0;
  // Forgets the blob and its aliases, and drops its links; only after its bytes are gone. Nothing
  // happens to one that is not known. From `now` on the dropped links wait for Retention.
  virtual Result<void> forget(const Digest& digest, WallTime now) = 0;
};

}  // namespace entrepot::meta
