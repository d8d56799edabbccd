#pragma once
// meta/seals.h — what proves that the journal is as it was written.

#include <cstdint>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "oci/digest.h"

namespace entrepot::meta {

// Seals the journal's entries from the one behind the former seal's last up to `last`. What the two
// digests are made of is not the store's business (audit/chain.h).
struct Seal {
  std::int64_t last = 0;  // sequence of the newest entry in it
  WallTime at;
  oci::Digest content;  // of the entries
  oci::Digest chain;    // of the former seal's chain and all of this one
};

// One after the other, for good.
class Seals {
 public:
  virtual ~Seals() = default;
  virtual Result<Seal> last() const = 0;  // NotFound: nothing is sealed yet
  // Oldest first: those whose `last` is above `after`.
  virtual Result<std::vector<Seal>> list(std::int64_t after, std::size_t limit) const = 0;
  // AlreadyExists where one with this `last`, or a later one, is there.
  virtual Result<void> add(const Seal& seal) = 0;
};

}  // namespace entrepot::meta
