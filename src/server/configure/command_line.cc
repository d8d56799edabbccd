#include "server/configure/command_line.h"

#include <algorithm>
#include <optional>

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
    for (const Switch& known : command_.switches) {
      if (known.name == name) return flip(known, word.substr(0, equals), value);
    }
    const Option* option = command_.takes_options ? find_flag(name) : nullptr;
    if (option == nullptr) return unknown(name);
    if (value) {
      add_setting(*option, std::string(*value), name);
    } else if (is_switch(*option) && !next_is_true_or_false()) {
      add_setting(*option, "true", name);
    } else if (next_ < words_.size()) {
      add_setting(*option, words_[next_++], name);
    } else {
      return fail(ErrorCode::InvalidArgument, "--{} needs a value", name);
    }
    return {};
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
  Result<void> flip(const Switch& known, std::string_view flag,
                    const std::optional<std::string_view>& value) {
    TRY_ASSIGN(const bool on, is_on(flag, value));
    if (on) {
      out_.switches.insert(known.name);
    } else {
      out_.switches.erase(known.name);
    }
    return {};
  }

  // "-dm", "-dm=true": letters of switches; a value is the last one's.
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
      const auto found = std::find_if(command_.switches.begin(), command_.switches.end(),
                                      [&](const Switch& known) { return known.letter == letter; });
      if (found == command_.switches.end()) {
        return fail(ErrorCode::InvalidArgument, "{}: {} has no flag -{}", word, command_.name,
                    letter);
      }
      TRY(flip(*found, word.substr(0, equals), value));
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
    for (const Switch& flag : command_.switches) known.push_back(flag.name);
    for (const Option& option : option_table()) {
      if (!command_.takes_options) break;
      known.push_back(option.path);
      if (!option.flag.empty()) known.push_back(option.flag);
    }
    const std::string_view close = nearest(name, known);
    return fail(ErrorCode::InvalidArgument, "{} has no flag --{}{}", command_.name, name,
                close.empty() ? "" : fmt::format("; did you mean --{}?", close));
  }

  const Command& command_;
  const std::span<const std::string> words_;
  std::size_t next_ = 0;
  Arguments out_;
};

}  // namespace

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
  std::vector<std::string_view> names = {"help"};
  for (const Command& command : commands) names.push_back(command.name);
  return fail(ErrorCode::InvalidArgument, "there is no command \"{}\"{}", first,
              did_you_mean(first, names));
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
  std::string out = fmt::format(
      "Usage: entrepot {}{}{}{}\n\n{}\n", command.name, command.operands.empty() ? "" : " ",
      command.operands, command.switches.empty() && !command.takes_options ? "" : " [flags]",
      command.text);
  if (!command.switches.empty() || command.takes_options) out += "\nFlags:\n";
  for (const Switch& known : command.switches) {
    const std::string letter = known.letter == 0 ? "   " : fmt::format("-{},", known.letter);
    out += fmt::format("  {} --{:<18} {}\n", letter, known.name, known.text);
  }
  if (!command.takes_options) return out;
  for (const Option& option : option_table()) {
    if (option.flag.empty()) continue;
    const std::string value = is_switch(option) ? "" : " VALUE";
    const std::string initial =
        option.initial.empty() ? "" : fmt::format(" Default: {}.", option.initial);
    out += fmt::format("      --{:<18} {}{}\n", fmt::format("{}{}", option.flag, value),
                       option.text, initial);
  }
  out +=
      "\nEvery other option is a flag, too: --http.idle_timeout 30s. `entrepot options` lists "
      "them.\n";
  return out;
}

}  // namespace entrepot::server
