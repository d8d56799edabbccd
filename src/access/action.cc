#include "access/action.h"

#include <algorithm>

namespace entrepot::access {
namespace {

// In the order of Action.
constexpr std::array<std::string_view, kActions> kNames = {
    "ping",     "list-catalog", "see",      "pull",    "push",   "tag",
    "describe", "create",       "delete",   "restore", "policy", "visibility",
    "grant",    "rename",       "transfer", "archive", "remove"};

}  // namespace

std::string_view name_of(Action action) { return kNames[static_cast<std::size_t>(action)]; }

std::optional<Action> parse_action(std::string_view text) {
  const auto at = std::find(kNames.begin(), kNames.end(), text);
  if (at == kNames.end()) return std::nullopt;
  return static_cast<Action>(at - kNames.begin());
}

bool only_reads(Action action) {
  constexpr Actions kReads{Action::Ping, Action::ListCatalog, Action::See, Action::Pull};
  return kReads.has(action);
}

}  // namespace entrepot::access
