#include "registry/precondition.h"

#include <algorithm>

namespace entrepot::registry {

bool Precondition::Versions::hold(const std::optional<oci::Digest>& present) const {
  if (!present) return false;
  return any || std::find(digests.begin(), digests.end(), present->to_string()) != digests.end();
}

Result<void> Precondition::check(const std::optional<oci::Digest>& present) const {
  const std::string found = present ? present->to_string() : "nothing";
  if (match && !match->hold(present)) {
    return fail(ErrorCode::PreconditionFailed, "another manifest was expected here than {}", found);
  }
  if (none_match && none_match->hold(present)) {
    return fail(ErrorCode::PreconditionFailed, "{} is here already", found);
  }
  return {};
}

}  // namespace entrepot::registry
