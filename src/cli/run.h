#pragma once
// cli/run.h — does at a server what was typed.

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "cli/servers.h"

namespace entrepot::cli {

// `entrepot org member add acme alice --role owner`, taken apart.
struct Typed {
  std::string command;                       // "org"
  std::vector<std::string> operands;         // "member", "add", "acme", "alice"
  std::map<std::string, std::string> flags;  // without the dashes; a switch has no text

  bool has(const std::string& flag) const { return flags.contains(flag); }
  std::optional<std::string> flag(const std::string& name) const {
    const auto found = flags.find(name);
    return found == flags.end() ? std::nullopt : std::optional(found->second);
  }
};

// Is it something that a server is asked for?
bool knows(const Typed& typed);

// Each does one thing and says so on standard output. What fails is told by the caller.

// Signs in at a server as --username, with the password from standard input or the terminal.
Result<void> login(const Typed& typed);
// Ends the sign-in there, at the server as well where it answers.
Result<void> logout(const Typed& typed);
Result<void> whoami(const Typed& typed);

// What it knows(). InvalidArgument for anything else.
Result<void> run(const Typed& typed, const Server& server);

// Where a command that names no data directory is meant for: --server, $ENTREPOT_SERVER, or where
// somebody signed in last. nullopt: nowhere. Unauthenticated for a named server without a sign-in.
Result<std::optional<Server>> meant_server(const Typed& typed);

}  // namespace entrepot::cli
