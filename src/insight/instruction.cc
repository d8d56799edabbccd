#include "insight/instruction.h"

#include <array>
#include <charconv>

namespace entrepot::insight {
namespace {

constexpr std::string_view kBlanks = " \t\r\n";
constexpr std::array<std::string_view, 4> kShells = {"/bin/sh -c ", "/bin/bash -c ",
                                                     "/bin/ash -eo pipefail -c ", "cmd /S /C "};
constexpr std::string_view kOfBuildKit = "# buildkit";
constexpr std::string_view kNotRun = "#(nop)";

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(kBlanks);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

bool take(std::string_view& text, std::string_view beginning) {
  if (!text.starts_with(beginning)) return false;
  text.remove_prefix(beginning.size());
  return true;
}

bool take_shell(std::string_view& text) {
  for (const std::string_view shell : kShells) {
    if (take(text, shell)) return true;
  }
  return false;
}

// "|2 A=1 B=two words /bin/sh -c …": how many build arguments there are, and these. A value may
// hold anything, so they end where a shell begins.
std::string_view without_arguments(std::string_view text) {
  std::string_view rest = text;
  if (!take(rest, "|")) return text;
  int count = 0;
  const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), count);
  if (error != std::errc()) return text;
  for (const std::string_view shell : kShells) {
    const auto at = rest.find(shell);
    if (at != rest.npos) return rest.substr(at);
  }
  return text;
}

}  // namespace

std::string instruction_of(std::string_view created_by) {
  std::string_view text = trimmed(created_by);
  if (text.ends_with(kOfBuildKit)) {
    text = trimmed(text.substr(0, text.size() - kOfBuildKit.size()));
    std::string_view command = text;
    if (!take(command, "RUN ")) return std::string(text);
    command = without_arguments(trimmed(command));
    return take_shell(command) ? "RUN " + std::string(trimmed(command)) : std::string(text);
  }
  std::string_view command = without_arguments(text);
  if (!take_shell(command)) return std::string(text);
  command = trimmed(command);
  if (take(command, kNotRun)) return std::string(trimmed(command));
  return "RUN " + std::string(command);
}

}  // namespace entrepot::insight
