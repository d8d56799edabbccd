// `entrepot login`, `logout` and `whoami`.
#include "cli/run.h"
#include "server/command/commands.h"

namespace entrepot::server {
namespace {

int run(const Arguments& arguments, Result<void> (*command)(const cli::Typed&)) {
  cli::Typed typed{std::string(arguments.command->name), arguments.operands, {}};
  for (const std::string_view name : arguments.switches) typed.flags.emplace(name, "");
  for (const auto& [name, value] : arguments.values) typed.flags.emplace(name, value);
  const auto done = command(typed);
  return done ? 0 : tell_by_code(done.error());
}

}  // namespace

int run_login(const Arguments& arguments) { return run(arguments, &cli::login); }
int run_logout(const Arguments& arguments) { return run(arguments, &cli::logout); }
int run_whoami(const Arguments& arguments) { return run(arguments, &cli::whoami); }

}  // namespace entrepot::server
