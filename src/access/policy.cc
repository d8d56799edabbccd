#include "access/policy.h"

namespace entrepot::access {

Decision OpenPolicy::decide(const Subject& /*subject*/, Action action,
                            Resource /*resource*/) const {
  const bool writes = action == Action::Push || action == Action::Delete;
  if (writes && options_.read_only) {
    return {false, "this registry is read-only", ErrorCode::Unsupported};
  }
  if (action == Action::Delete && !options_.deletes) {
    return {false, "deleting is switched off here (storage.delete)", ErrorCode::Unsupported};
  }
  return {true, "open mode", {}};
}

}  // namespace entrepot::access
