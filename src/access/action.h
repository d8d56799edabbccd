#pragma once
// access/action.h — what can be done: a closed list.

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <string_view>

namespace entrepot::access {

enum class Action : std::uint8_t {
  // To the registry as a whole
  Ping,         // ask whether this is a registry
  ListCatalog,  // names of repositories

  // To a repository
  See,       // find it in lists and searches
  Pull,      // read manifests, blobs, tags
  Push,      // add manifests and blobs
  Tag,       // add and move tags
  Describe,  // its description and README
  Create,    // make it, by a first push
  Delete,    // tags, manifests, links to blobs
  Restore,   // what was deleted
  Policy,    // rules: retention, immutable tags, gates
  Visibility,
  Grant,
  Rename,
  Transfer,
  Archive,
  Remove,  // the repository itself
};
inline constexpr std::size_t kActions = static_cast<std::size_t>(Action::Remove) + 1;

// "pull", "list-catalog": as commands and documents write it.
std::string_view name_of(Action action);
// Nothing for any other text.
std::optional<Action> parse_action(std::string_view text);

// Does it leave everything as it was?
bool only_reads(Action action);

// A set of them. A value.
class Actions {
 public:
  constexpr Actions() = default;
  constexpr Actions(std::initializer_list<Action> actions) {
    for (const Action action : actions) bits_ |= bit(action);
  }
  static constexpr Actions all() { return Actions((std::uint32_t{1} << kActions) - 1); }
  constexpr bool has(Action action) const { return (bits_ & bit(action)) != 0; }
  constexpr Actions operator&(Actions other) const { return Actions(bits_ & other.bits_); }
  constexpr Actions operator|(Actions other) const { return Actions(bits_ | other.bits_); }
  friend constexpr bool operator==(Actions, Actions) = default;

 private:
  static_assert(kActions <= 32);
  constexpr explicit Actions(std::uint32_t bits) : bits_(bits) {}
  static constexpr std::uint32_t bit(Action action) {
    return std::uint32_t{1} << static_cast<unsigned>(action);
  }
  std::uint32_t bits_ = 0;
};

}  // namespace entrepot::access
