#pragma once
// server/configure/command_line.h — the words behind `entrepot`.

#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "server/options/environment.h"
#include "server/options/options.h"

namespace entrepot::server {

// A flag of one command. One without a value is a switch: --dry-run, -d; --dry-run=true and
// -d=false are understood, too. One with a value: --username NAME, --username=NAME, -u NAME.
struct Flag {
  std::string_view name;
  char letter = 0;  // 0: none
  std::string_view text;
  std::string_view value = {};  // how it is called: "FILE"; empty: a switch
};

struct Arguments;

// One command. Its run() gives the exit code.
struct Command {
  std::string_view name;
  std::string_view operands = {};  // for the help: "[FILE]", "DIR"; words to choose from: "a|b"
  std::size_t max_operands = 0;
  std::string_view text = {};  // one sentence, or two
  std::string_view more = {};  // what else who uses it has to know; lines end with a newline
  std::span<const Flag> flags = {};
  bool takes_options = false;  // --data, --listen and every other option, see options.h

  // Those of them that it goes by, by their paths; it passes over the others, which a script may
  // give to all commands. Empty: all.
  std::span<const std::string_view> options = {};
  int (*run)(const Arguments& arguments) = nullptr;
  // What it can be told to do, as it is typed behind its name: "member add ORGANISATION USER".
  // Null: it does one thing.
  std::vector<std::string> (*verbs)() = nullptr;
};

struct Arguments {
  const Command* command = nullptr;
  std::vector<std::string> operands;
  std::vector<Setting> settings;
  std::set<std::string_view> switches;             // names of those that were given
  std::map<std::string_view, std::string> values;  // of the command's other flags, by name
  bool help = false;

  bool has(std::string_view switch_name) const { return switches.contains(switch_name); }
  std::optional<std::string> value(std::string_view flag_name) const {
    const auto found = values.find(flag_name);
    return found == values.end() ? std::nullopt : std::optional(found->second);
  }
};

// Does the command say in its help that it takes the option?
bool goes_by(const Command& command, const Option& option);

// Reads `words` (without the program's name; the first is the command). No word, `help`, --help or
// -h ask for help; --version and -v mean the command "version". InvalidArgument for an unknown
// command or flag, with the nearest known one, for a missing or superfluous value, and for too many
// operands; what other programs call so is led to the word here. A word `--` ends the flags.
Result<Arguments> parse_command_line(std::span<const Command> commands,
                                     std::span<const std::string> words);

// What --help prints: of all commands, or of one.
std::string help(std::span<const Command> commands);
std::string help(const Command& command);

}  // namespace entrepot::server
