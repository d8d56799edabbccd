#pragma once
// registry/stores.h — what every use case of the registry stands on.

#include <chrono>

#include "base/clock.h"
#include "base/even_clock.h"
#include "blob/store.h"
#include "meta/store.h"
#include "registry/digest_locks.h"
#include "registry/hot_cache.h"

namespace entrepot::registry {

// Borrowed; all of it outlives the use cases and is shared by them.
struct Stores {
  blob::BlobStore& blobs;
  meta::Store& meta;
  HotCache& cache;
  DigestLocks& locks;
  const Clock& clock;  // for what people read, and for measuring

  // For what is judged by its age, and whatever stamps it. All that share a store share this, too.
  EvenClock even = EvenClock(clock);
};

// How long a blob that nothing refers to waits before the collector looks at it: what a slow push
// needs between its first layer and its manifest.
inline constexpr std::chrono::hours kDefaultReviewDelay{24};

}  // namespace entrepot::registry
