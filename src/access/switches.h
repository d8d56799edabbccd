#pragma once
// access/switches.h — what nobody may do at all, whoever it is.

#include <optional>

#include "access/policy.h"

namespace entrepot::access {

struct Switches {
  bool deletes = true;     // storage.delete
  bool read_only = false;  // neither pushes nor deletes

  // The refusal, where the action is switched off. Otherwise nothing.
  std::optional<Decision> refuse(Action action) const;
};

}  // namespace entrepot::access
