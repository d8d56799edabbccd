#include "access/switches.h"

namespace entrepot::access {

std::optional<Decision> Switches::refuse(Action action) const {
  if (!only_reads(action) && read_only) {
    return Decision{Decision::Verdict::Unsupported, "this registry is read-only"};
  }
  if (action == Action::Delete && !deletes) {
    return Decision{Decision::Verdict::Unsupported,
                    "deleting is switched off here (storage.delete)"};
  }
  return std::nullopt;
}

}  // namespace entrepot::access
