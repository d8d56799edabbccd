#pragma once
// meta/damage.h — what is known to be damaged at rest.

#include <optional>
#include <vector>

#include "base/result.h"
#include "meta/rows.h"

namespace entrepot::meta {

// What is known to be damaged at rest: bytes that are not what their digest says, or are not there.
// No find() sees them, as if they were gone; but links, tags and references stay, and what a
// damaged manifest names stays in use, so that pushing the same bytes again heals everything.
class Damage {
 public:
  virtual ~Damage() = default;

  // Is this manifest, or a blob or manifest that it names, directly or through children, damaged?
  // One look into an empty index while nothing is.
  virtual Result<bool> touches(const Manifest& manifest) const = 0;

  // Ascending by digest; by when it was marked and id.
  virtual Result<std::vector<Blob>> blobs(const std::optional<Digest>& after,
                                          std::size_t limit) const = 0;
  virtual Result<std::vector<Manifest>> manifests(std::size_t limit) const = 0;

  // False: it was marked already. NotFound: there is no such blob, or it is going; no such live
  // manifest.
  virtual Result<bool> mark_blob(const Digest& digest, WallTime at) = 0;
  virtual Result<bool> mark_manifest(RepositoryId repository, const Digest& digest,
                                     WallTime at) = 0;
  // Its bytes were found to be right after all. Nothing happens to one that is not marked.
  virtual Result<void> clear_blob(const Digest& digest) = 0;

  // Are the rows of this live manifest what was read from its bytes? Repository and digest say
  // which; push time and author are not looked at. NotFound.
  virtual Result<bool> agrees(const NewManifest& manifest) const = 0;
  // Makes them so, payload included; push time and author stay. Clears the mark. NotFound.
  virtual Result<void> rewrite(const NewManifest& manifest) = 0;
};

}  // namespace entrepot::meta
