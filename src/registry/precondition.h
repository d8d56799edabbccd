#pragma once
// registry/precondition.h — what a name must stand for before it is changed.

#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "oci/digest.h"

namespace entrepot::registry {

// What a caller expects of a name (a tag, or a manifest's own digest) that it is about to change or
// to delete. Decided inside of the transaction that makes the change, so that of many callers who
// expect the same, one wins.
struct Precondition {
  // Some digests, as texts (what callers have need not be one), or "whatever is there".
  struct Versions {
    bool any = false;
    std::vector<std::string> digests;

    bool hold(const std::optional<oci::Digest>& present) const;
  };
  std::optional<Versions> match;       // one of these must be there
  std::optional<Versions> none_match;  // and none of these may be

  bool is_set() const { return match || none_match; }

  // `present`: what the name stands for now; nullopt: nothing. PreconditionFailed.
  Result<void> check(const std::optional<oci::Digest>& present) const;
};

}  // namespace entrepot::registry
