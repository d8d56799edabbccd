#include "server/command/completion.h"

#include <vector>

#include <fmt/format.h>

#include "server/options/options.h"

namespace entrepot::server {
namespace {

// What an operand or a value is, by how the help calls it.
Place place_of(std::string_view called) {
  if (called.find("FILE") != std::string_view::npos) return Place::File;
  if (called.find("DIR") != std::string_view::npos) return Place::Directory;
  return Place::None;
}

Place operand_place(const Command& command) { return place_of(command.operands); }

// "a|b" → "a b"; empty where nothing can be chosen from.
std::string words_of(std::string_view choices) {
  if (choices.find('|') == std::string_view::npos) return {};
  std::string out(choices);
  for (char& c : out) {
    if (c == '|') c = ' ';
  }
  return out;
}

// "--http.listen", "--listen".
std::vector<std::string> flags_of(const Option& option) {
  std::vector<std::string> out = {fmt::format("--{}", option.path)};
  if (!option.flag.empty() && option.flag != option.path) {
    out.push_back(fmt::format("--{}", option.flag));
  }
  return out;
}

// Of those that the command goes by.
std::vector<std::string> option_flags(const Command& command) {
  std::vector<std::string> out;
  for (const Option& option : option_table()) {
    if (!goes_by(command, option)) continue;
    for (std::string& flag : flags_of(option)) out.push_back(std::move(flag));
  }
  return out;
}

std::string command_names(std::span<const Command> commands) {
  std::string out;
  for (const Command& command : commands) out += fmt::format("{} ", command.name);
  return out;
}

// A menu has a line for each; the rest stands in the manual.
std::string_view first_sentence(std::string_view text) { return text.substr(0, text.find(". ")); }

std::string replaced(std::string_view text, std::string_view what, std::string_view by) {
  std::string out(text);
  for (std::size_t at = out.find(what); at != std::string::npos;
       at = out.find(what, at + by.size())) {
    out.replace(at, what.size(), by);
  }
  return out;
}

// --- bash
// ------------------------------------------------------------------------------------------

constexpr std::string_view kBashHead =
    R"(# Completion of entrepot for bash, made by `entrepot completion bash`.
_entrepot() {
  local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
  # bash takes "--data=x" for three words.
  local equals=''
  if [[ $current == = ]]; then
    current='' equals=1
  elif [[ $before == = ]]; then
    before=${COMP_WORDS[COMP_CWORD - 2]} equals=1
  fi
  local words='' flags='' place=''
)";

constexpr std::string_view kBashTail = R"(  [[ $current != -* ]] || words=$flags place=''
  mapfile -t COMPREPLY < <(compgen -W "$words" -- "$current")
  [[ -z $place ]] || compopt -o filenames 2>/dev/null
  case $place in
    file) mapfile -t COMPREPLY < <(compgen -f -- "$current") ;;
    directory) mapfile -t COMPREPLY < <(compgen -d -- "$current") ;;
  esac
}
complete -F _entrepot entrepot
)";

std::string_view bash_place(Place place) {
  if (place == Place::None) return "";
  return place == Place::File ? "file" : "directory";
}

std::string bash_commands(std::span<const Command> commands) {
  const std::string names = command_names(commands);
  std::string out = fmt::format(
      "  if [[ $COMP_CWORD -eq 1 ]]; then\n"
      "    words='{}help' flags='--help --version'\n"
      "  else\n"
      "    case ${{COMP_WORDS[1]}} in\n"
      "      help) words='{}' ;;\n",
      names, names);
  for (const Command& command : commands) {
    std::string flags = "--help";
    for (const Flag& known : command.flags) {
      flags += fmt::format(" --{}", known.name);
      if (known.letter != 0) flags += fmt::format(" -{}", known.letter);
    }
    for (const std::string& flag : option_flags(command)) flags += " " + flag;
    out += fmt::format("      {}) flags=\"{}\" words='{}' place='{}' ;;\n", command.name, flags,
                       words_of(command.operands), bash_place(operand_place(command)));
  }
  return out + "    esac\n  fi\n";
}

// What stands behind a flag is its value and nothing else, but for a switch.
std::string bash_values(std::span<const Command> commands) {
  std::string out = "  case $before in\n";
  for (const Command& command : commands) {
    for (const Flag& known : command.flags) {
      if (known.value.empty()) continue;
      out += fmt::format("    --{}) words='' flags='' place='{}' ;;\n", known.name,
                         bash_place(place_of(known.value)));
    }
  }
  for (const Option& option : option_table()) {
    out += fmt::format("    {}) ", fmt::join(flags_of(option), " | "));
    if (is_switch(option)) out += "[[ -z $equals ]] || ";
    out += fmt::format("words='{}' flags='' place='{}' ;;\n", words_of(value_name(option)),
                       bash_place(option.place));
  }
  return out + "  esac\n";
}

std::string bash(std::span<const Command> commands) {
  std::string out(kBashHead);
  out += bash_commands(commands);
  out += bash_values(commands);
  out += kBashTail;
  return out;
}

// --- zsh
// -------------------------------------------------------------------------------------------

constexpr std::string_view kZshTail = R"(  esac
}
# In fpath this file is the function's body; sourced, it makes it known.
if [[ $funcstack[1] == _entrepot ]]; then _entrepot "$@"; else compdef _entrepot entrepot; fi
)";

std::string zsh_quoted(std::string_view text) {
  return fmt::format("'{}'", replaced(text, "'", R"('\'')"));
}

// Inside the brackets of a flag's description.
std::string zsh_described(std::string_view text) {
  return replaced(replaced(replaced(first_sentence(text), "\\", "\\\\"), "[", "\\["), "]", "\\]");
}

// ":message:action" for _arguments.
std::string zsh_action(Place place, const std::string& words) {
  if (place == Place::File) return ":file:_files";
  if (place == Place::Directory) return ":directory:_files -/";
  return words.empty() ? ":value: " : fmt::format(":value:({})", words);
}

// An array of their own for each command that takes some.
std::string zsh_options(const Command& command) {
  std::string out = "    local -a options=(\n";
  for (const Option& option : option_table()) {
    if (!goes_by(command, option)) continue;
    for (const std::string& flag : flags_of(option)) {
      // "=-": only behind "="; a switch alone is true.
      const std::string spec = fmt::format(
          "{}{}{}[{}]{}", is_list(option) ? "*" : "", flag, is_switch(option) ? "=-" : "=",
          zsh_described(option.text),
          (is_switch(option) ? ":" : "") + zsh_action(option.place, words_of(value_name(option))));
      out += fmt::format("      {}\n", zsh_quoted(spec));
    }
  }
  return out + "    )\n";
}

std::string zsh(std::span<const Command> commands) {
  std::string out =
      "#compdef entrepot\n# Completion of entrepot for zsh, made by `entrepot completion zsh`.\n"
      "_entrepot() {\n  local -a commands=(\n    'help:What a command is for, and its flags'\n";
  for (const Command& command : commands) {
    out += fmt::format(
        "    {}\n", zsh_quoted(fmt::format("{}:{}", command.name, first_sentence(command.text))));
  }
  out +=
      "  )\n"
      "  if ((CURRENT == 2)); then\n    _describe command commands\n    return\n  fi\n"
      "  local command=$words[2]\n  shift words\n  ((CURRENT--))\n  case $command in\n"
      "    help) _describe command commands ;;\n";
  for (const Command& command : commands) {
    out += fmt::format("    {})\n", command.name);
    if (command.takes_options) out += zsh_options(command);
    out += fmt::format("      _arguments -S '(- *)'{{-h,--help}}'[what it does]'");
    for (const Flag& known : command.flags) {
      const std::string described = fmt::format("[{}]", zsh_described(known.text));
      const std::string value = known.value.empty() ? "" : zsh_action(place_of(known.value), "");
      out += " " + zsh_quoted(fmt::format("--{}{}{}{}", known.name, value.empty() ? "" : "=",
                                          described, value));
      if (known.letter != 0) out += " " + zsh_quoted(fmt::format("-{}{}", known.letter, described));
    }
    if (command.takes_options) out += " $options";
    if (command.max_operands != 0) {
      out += " " + zsh_quoted("1" + zsh_action(operand_place(command), words_of(command.operands)));
    }
    out += " ;;\n";
  }
  out += kZshTail;
  return out;
}

// --- fish
// ------------------------------------------------------------------------------------------

std::string fish_quoted(std::string_view text) {
  return fmt::format("'{}'", replaced(replaced(text, "\\", "\\\\"), "'", "\\'"));
}

// Arguments of fish's `complete`: what follows.
std::string fish_values(Place place, const std::string& words) {
  if (place == Place::File) return " -r -F";
  if (place == Place::Directory) return " -x -a '(__fish_complete_directories)'";
  return words.empty() ? " -x" : fmt::format(" -x -a '{}'", words);
}

std::string fish_options(std::span<const Command> commands) {
  std::string out;
  for (const Option& option : option_table()) {
    std::string condition = "'__fish_seen_subcommand_from";
    for (const Command& command : commands) {
      if (goes_by(command, option)) condition += fmt::format(" {}", command.name);
    }
    condition += "'";
    for (const std::string& flag : flags_of(option)) {
      out += fmt::format(
          "complete -c entrepot -n {} -l {}{} -d {}\n", condition, flag.substr(2),
          is_switch(option) ? "" : fish_values(option.place, words_of(value_name(option))),
          fish_quoted(first_sentence(option.text)));
    }
  }
  return out;
}

std::string fish(std::span<const Command> commands) {
  std::string out =
      "# Completion of entrepot for fish, made by `entrepot completion fish`.\n"
      "complete -c entrepot -f\n"
      "complete -c entrepot -s h -l help -d 'what it does'\n"
      "complete -c entrepot -n __fish_use_subcommand -a help -d 'What a command is for, and its "
      "flags'\n";
  for (const Command& command : commands) {
    const std::string behind = fmt::format("'__fish_seen_subcommand_from {}'", command.name);
    out += fmt::format("complete -c entrepot -n __fish_use_subcommand -a {} -d {}\n", command.name,
                       fish_quoted(first_sentence(command.text)));
    for (const Flag& known : command.flags) {
      out += fmt::format("complete -c entrepot -n {} -l {}{}{} -d {}\n", behind, known.name,
                         known.letter == 0 ? "" : fmt::format(" -s {}", known.letter),
                         known.value.empty() ? "" : fish_values(place_of(known.value), ""),
                         fish_quoted(known.text));
    }
    if (command.max_operands == 0) continue;
    const Place place = operand_place(command);
    out +=
        fmt::format("complete -c entrepot -n {}{}\n", behind,
                    place == Place::File ? " -F" : fish_values(place, words_of(command.operands)));
  }
  out += fmt::format("complete -c entrepot -n '__fish_seen_subcommand_from help' -a '{}'\n",
                     command_names(commands));
  return out + fish_options(commands);
}

}  // namespace

Result<std::string> completion(std::string_view shell, std::span<const Command> commands) {
  if (shell == "bash") return bash(commands);
  if (shell == "zsh") return zsh(commands);
  if (shell == "fish") return fish(commands);
  return fail(ErrorCode::InvalidArgument, "\"{}\" is none of bash, zsh, fish", shell);
}

}  // namespace entrepot::server
