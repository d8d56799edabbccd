#pragma once
// registry/digest_locks.h — one at a time per digest, for what must not interleave.

#include <array>

#include "base/mutex.h"
#include "oci/digest.h"

namespace entrepot::registry {

// Excludes [file commit + row commit] of a push and [mark → re-check → unlink → drop row] of the
// collector from each other, per digest. Striped: two digests may share a lock. Hold one at a time.
// Thread-safe; blocks, so never on an event loop.
class DigestLocks {
 public:
  // To be held with a MutexLock.
  Mutex& of(const oci::Digest& digest) {
    return stripes_[std::hash<oci::Digest>()(digest) % stripes_.size()];
  }

 private:
  std::array<Mutex, 256> stripes_;
};

}  // namespace entrepot::registry
