#pragma once
// people/names.h — how people, organisations, teams and robots may be called.

#include <string>
#include <string_view>

#include "base/result.h"

namespace entrepot::people {

inline constexpr std::size_t kMaxNameLength = 63;

// ASCII letters in lower case: signing in ignores case.
std::string lower_case(std::string_view text);

// Whoever is in an htpasswd file has this in front of their name there, which may be any text: no
// name of ours has a colon, so that nobody is mistaken for somebody else, nor for a namespace.
inline constexpr std::string_view kHtpasswdPrefix = "htpasswd:";

// A user's or organisation's name is one part of a repository's: "alice", "team-1".
// InvalidArgument.
Result<void> check_name(std::string_view name);

// Names that only system admins give, for the system or its routes may need them: Denied.
Result<void> check_not_reserved(std::string_view name);

// "acme/ci", "system/backup": a namespace and a name in it. InvalidArgument.
struct RobotName {
  std::string name_space;
  std::string name;
};
Result<RobotName> parse_robot_name(std::string_view text);
inline constexpr std::string_view kSystemNamespace = "system";

// At least eight characters, and none of the first that everybody guesses. InvalidArgument.
Result<void> check_password(std::string_view password, std::string_view account);

}  // namespace entrepot::people
