#pragma once
// meta/pulls.h — how often manifests were pulled, and when last.

#include <cstdint>
#include <optional>
#include <span>

#include "base/result.h"
#include "meta/rows.h"

namespace entrepot::meta {

// So often, of late.
struct PullNote {
  RepositoryName repository;
  Digest digest;
  std::uint64_t times = 0;
  WallTime last_at = {};
};

struct PullCount {
  std::uint64_t times = 0;
  std::optional<WallTime> last_at = {};  // nothing: never, so far as it was noted
};

// A manifest that an index of its repository lists is pulled together with that, and counts for
// nothing: so an image for five platforms has as many pulls as clients pulled it.
class Pulls {
 public:
  virtual ~Pulls() = default;

  // Of a manifest while it is there, and of all that the repository has or had.
  virtual Result<PullCount> of(RepositoryId repository, const Digest& digest) const = 0;
  virtual Result<PullCount> of(RepositoryId repository) const = 0;

  // Adds to them. What is not there, or is listed by an index, is passed over. Nobody is told.
  virtual Result<void> note(std::span<const PullNote> notes) = 0;
};

}  // namespace entrepot::meta
