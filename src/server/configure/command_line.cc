#include "server/configure/command_line.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <utility>

#include "server/options/guesses.h"
#include "server/options/option_values.h"
#include "server/options/spelling.h"

namespace entrepot::server {
namespace {

const Command* find_command(std::span<const Command> commands, std::string_view name) {
  const auto found = std::find_if(commands.begin(), commands.end(),
                                  [&](const Command& command) { return command.name == name; });
  return found == commands.end() ? nullptr : &*found;
}

const Option* find_flag(std::string_view name) {
  for (const Option& option : option_table()) {
    if (option.path == name || (!option.flag.empty() && option.flag == name)) return &option;
  }
  return nullptr;
}

// What other programs call so.
constexpr std::pair<std::string_view, std::string_view> kOtherNames[] = {
    {"start", "serve"},        {"run", "serve"},       {"server", "serve"},  {"up", "serve"},
    {"daemon", "serve"},       {"prune", "gc"},        {"clean", "gc"},      {"cleanup", "gc"},
    {"collect", "gc"},         {"verify", "fsck"},     {"scrub", "fsck"},    {"repair", "fsck"},
    {"config", "check"},       {"validate", "check"},  {"doctor", "check"},  {"test", "check"},
    {"dump", "backup"},        {"snapshot", "backup"}, {"status", "health"}, {"ping", "health"},
    {"healthcheck", "health"}, {"migrate", "import"},  {"adopt", "import"},  {"man", "manual"},
    {"env", "options"},        {"settings", "options"}};

Failure no_command(std::span<const Command> commands, std::string_view word) {
  std::vector<std::string_view> names = {"help"};
  for (const Command& command : commands) names.push_back(command.name);
  const auto* other = std::find_if(std::begin(kOtherNames), std::end(kOtherNames),
                                   [&](const auto& pair) { return pair.first == word; });
  const bool is_other =
      other != std::end(kOtherNames) && find_command(commands, other->second) != nullptr;
  return fail(
      ErrorCode::InvalidArgument, "there is no command \"{}\"{}", word,
      is_other ? fmt::format("; did you mean \"{}\"?", other->second) : did_you_mean(word, names));
}

// Reads the words of one command, from the first behind its name.
class Parser {
 public:
  Parser(const Command& command, std::span<const std::string> words)
      : command_(command), words_(words) {
    out_.command = &command;
  }

  Result<Arguments> parse() {
    bool flags_ended = false;
    while (next_ < words_.size()) {
      const std::string_view word = words_[next_++];
      if (flags_ended || word == "-" || !word.starts_with('-')) {
        TRY(add_operand(word));
      } else if (word == "--") {
        flags_ended = true;
      } else if (word == "-h") {
        out_.help = true;
      } else if (word.starts_with("--")) {
        TRY(add_flag(word));
      } else {
        TRY(add_letters(word));
      }
    }
    return std::move(out_);
  }

 private:
  Result<void> add_operand(std::string_view word) {
    if (out_.operands.size() == command_.max_operands) {
      return fail(ErrorCode::InvalidArgument, "\"{}\": {} takes {} operand{}", word, command_.name,
                  command_.max_operands == 0 ? "no" : std::to_string(command_.max_operands),
                  command_.max_operands == 1 ? "" : "s");
    }
    out_.operands.emplace_back(word);
    return {};
  }

  Result<void> add_flag(std::string_view word) {
    const auto equals = word.find('=');
    const std::string_view name = word.substr(2, equals - 2);
    std::optional<std::string_view> value;
    if (equals != std::string_view::npos) value = word.substr(equals + 1);
    if (name == "help") {
      TRY_ASSIGN(out_.help, is_on(word.substr(0, equals), value));
      return {};
    }
    for (const Flag& known : command_.flags) {
      if (known.name != name) continue;
      if (known.value.empty()) return flip(known, word.substr(0, equals), value);
      TRY_ASSIGN(out_.values[known.name], value_of(name, value));
      return {};
    }
    const Option* option = command_.takes_options ? find_flag(name) : nullptr;
    if (option == nullptr) return unknown(name);
    if (!value && is_switch(*option) && !next_is_true_or_false()) value = "true";
    TRY_ASSIGN(std::string text, value_of(name, value));
    add_setting(*option, std::move(text), name);
    return {};
  }

  // What stands behind the "=", or else the next word.
  Result<std::string> value_of(std::string_view name,
                               const std::optional<std::string_view>& value) {
    if (value) return std::string(*value);
    if (next_ < words_.size()) return words_[next_++];
    return fail(ErrorCode::InvalidArgument, "--{} needs a value", name);
  }

  bool next_is_true_or_false() const {
    return next_ < words_.size() && (words_[next_] == "true" || words_[next_] == "false");
  }

  // A switch alone is on; "=true" and "=false" may stand behind it, as behind those of
  // distribution.
  static Result<bool> is_on(std::string_view flag, const std::optional<std::string_view>& value) {
    if (!value) return true;
    auto on = parse_switch(*value);
    if (!on) return Failure(std::move(on).error().within(flag));
    return on;
  }

  // The last word about a switch holds.
  Result<void> flip(const Flag& known, std::string_view flag,
                    const std::optional<std::string_view>& value) {
    TRY_ASSIGN(const bool on, is_on(flag, value));
    if (on) {
      out_.switches.insert(known.name);
    } else {
      out_.switches.erase(known.name);
    }
    return {};
  }

  // "-dm", "-dm=true": letters of switches; a value is the last one's. "-u NAME".
  Result<void> add_letters(std::string_view word) {
    const auto equals = word.find('=');
    const std::string_view letters = word.substr(1, equals - 1);
    if (letters.empty()) return fail(ErrorCode::InvalidArgument, "\"{}\" is no flag", word);
    for (std::size_t i = 0; i < letters.size(); ++i) {
      const char letter = letters[i];
      std::optional<std::string_view> value;
      if (equals != std::string_view::npos && i + 1 == letters.size()) {
        value = word.substr(equals + 1);
      }
      const auto found = std::find_if(command_.flags.begin(), command_.flags.end(),
                                      [&](const Flag& known) { return known.letter == letter; });
      if (found == command_.flags.end()) {
        return fail(ErrorCode::InvalidArgument, "{}: {} has no flag -{}{}", word, command_.name,
                    letter, hint(letters.substr(i, 1), ""));
      }
      if (found->value.empty()) {
        TRY(flip(*found, word.substr(0, equals), value));
      } else {
        TRY_ASSIGN(out_.values[found->name], value_of(found->name, value));
      }
    }
    return {};
  }

  // A list's flag may be repeated: its values are one setting.
  void add_setting(const Option& option, std::string value, std::string_view flag) {
    const auto found =
        std::find_if(out_.settings.begin(), out_.settings.end(),
                     [&](const Setting& setting) { return setting.option == &option; });
    if (found != out_.settings.end() && is_list(option)) {
      found->values.push_back(std::move(value));
    } else {
      out_.settings.push_back({&option, {std::move(value)}, fmt::format("--{}", flag)});
    }
  }

  Failure unknown(std::string_view name) const {
    std::vector<std::string_view> known = {"help"};
    for (const Flag& flag : command_.flags) known.push_back(flag.name);
    for (const Option& option : option_table()) {
      if (!command_.takes_options) break;
      known.push_back(option.path);
      if (!option.flag.empty()) known.push_back(option.flag);
    }
    return fail(ErrorCode::InvalidArgument, "{} has no flag --{}{}", command_.name, name,
                hint(name, nearest(name, known)));
  }

  // What is a habit from elsewhere is not a slip.
  std::string hint(std::string_view name, std::string_view close) const {
    if (name == "config" || name == "config-file" || name == "f" || name == "c") {
      return command_.max_operands == 0 || !command_.takes_options
                 ? ""
                 : fmt::format("; a configuration file is named without a flag: entrepot {} FILE",
                               command_.name);
    }
    const Option* option = command_.takes_options ? guessed_option(name) : nullptr;
    if (option != nullptr && goes_by(command_, *option)) {
      close = option->flag.empty() ? option->path : option->flag;
    }
    return close.empty() ? "" : fmt::format("; did you mean --{}?", close);
  }

  const Command& command_;
  const std::span<const std::string> words_;
  std::size_t next_ = 0;
  Arguments out_;
};

}  // namespace

bool goes_by(const Command& command, const Option& option) {
  const auto& paths = command.options;
  return command.takes_options &&
         (paths.empty() || std::find(paths.begin(), paths.end(), option.path) != paths.end());
}

Result<Arguments> parse_command_line(std::span<const Command> commands,
                                     std::span<const std::string> words) {
  Arguments asks_for_help;
  asks_for_help.help = true;
  if (words.empty()) return asks_for_help;

  std::string_view first = words[0];
  if (first == "--version" || first == "-v") first = "version";
  if (first == "help" || first == "--help" || first == "-h") {
    if (words.size() > 1) asks_for_help.command = find_command(commands, words[1]);
    return asks_for_help;
  }
  if (const Command* command = find_command(commands, first)) {
    return Parser(*command, words.subspan(1)).parse();
  }
  return no_command(commands, first);
}

std::string help(std::span<const Command> commands) {
  std::string out = "entrepot: a registry of container images\n\nUsage: entrepot COMMAND …\n\n";
  for (const Command& command : commands) {
    out += fmt::format("  {:<16} {}\n", command.name, command.text);
  }
  out += "\n`entrepot COMMAND --help` tells more.\n";
  return out;
}

std::string help(const Command& command) {
  std::string out =
      fmt::format("Usage: entrepot {}{}{}{}\n\n{}\n", command.name,
                  command.operands.empty() ? "" : " ", command.operands,
                  command.flags.empty() && !command.takes_options ? "" : " [flags]", command.text);
  if (!command.more.empty()) out += fmt::format("\n{}", command.more);
  if (command.verbs != nullptr) {
    out += "\nWhat it does:\n";
    for (const std::string& verb : command.verbs()) {
      out += fmt::format("  entrepot {} {}\n", command.name, verb);
    }
  }
  if (!command.flags.empty() || command.takes_options) out += "\nFlags:\n";
  for (const Flag& known : command.flags) {
    const std::string letter = known.letter == 0 ? "   " : fmt::format("-{},", known.letter);
    const std::string value = known.value.empty() ? "" : fmt::format(" {}", known.value);
    out += fmt::format("  {} --{:<18} {}\n", letter, fmt::format("{}{}", known.name, value),
                       known.text);
  }
  if (!command.takes_options) return out;
  for (const Option& option : option_table()) {
    // Of a command that goes by all of them those that are used most.
    if (!goes_by(command, option) || (command.options.empty() && option.flag.empty())) continue;
    const std::string_view name = option.flag.empty() ? option.path : option.flag;
    const std::string value = is_switch(option) ? "" : fmt::format(" {}", value_name(option));
    const std::string initial =
        option.initial.empty() ? "" : fmt::format(" Default: {}.", option.initial);
    out += fmt::format("      --{:<18} {}{}\n", fmt::format("{}{}", name, value), option.text,
                       initial);
  }
  out += command.options.empty()
             ? "\nEvery other option is a flag, too: --http.idle_timeout 30s. `entrepot options` "
               "lists them, with their defaults.\n"
             : "\nOther options of `entrepot serve` are understood, and change nothing here.\n";
  return out;
}

}  // namespace entrepot::server
