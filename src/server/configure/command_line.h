#pragma once
// server/configure/command_line.h — the words behind `entrepot`.

#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/options/environment.h"
#include "server/options/options.h"

namespace entrepot::server {

// A flag of one command that needs no value: --dry-run, -d. --dry-run=true and -d=false are
// understood, too.
struct Switch {
  std::string_view name;
  char letter = 0;  // 0: none
  std::string_view text;
};

struct Arguments;

// One command. Its run() gives the exit code.
struct Command {
  std::string_view name;
  std::string_view operands = {};  // for the help: "[FILE]", "DIR"; words to choose from: "a|b"
  std::size_t max_operands = 0;
  std::string_view text = {};  // one sentence
  std::span<const Switch> switches = {};
  bool takes_options = false;  // --data, --listen and every other option, see options.h
  int (*run)(const Arguments& arguments) = nullptr;
};

struct Arguments {
  const Command* command = nullptr;
  std::vector<std::string> operands;
  std::vector<Setting> settings;
  std::set<std::string_view> switches;  // names of those that were given
  bool help = false;

  bool has(std::string_view switch_name) const { return switches.contains(switch_name); }
};

// Reads `words` (without the program's name; the first is the command). No word, `help`, --help or
// -h ask for help; --version and -v mean the command "version". InvalidArgument for an unknown
// command or flag, with the nearest known one, for a missing or superfluous value, and for too many
// operands. A word `--` ends the flags.
Result<Arguments> parse_command_line(std::span<const Command> commands,
                                     std::span<const std::string> words);

// What --help prints: of all commands, or of one.
std::string help(std::span<const Command> commands);
std::string help(const Command& command);

}  // namespace entrepot::server
