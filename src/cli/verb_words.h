#pragma once
// cli/verb_words.h — is it this verb that was typed?

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace entrepot::cli {

// "member add" → {"member", "add"}
inline std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.push_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

// `operands` stand behind the command: "member", "add", "acme", "alice". Do they begin with `words`
// ("member add"), and is there one for each of `names` ("ORGANISATION USER") behind them? One in
// brackets ("NAME [FILE]") may lack.
inline bool are_said(std::string_view words, std::string_view names,
                     std::span<const std::string> operands) {
  const auto said = words_of(words);
  const auto named = words_of(names);
  const auto needed = static_cast<std::size_t>(std::count_if(
      named.begin(), named.end(), [](std::string_view name) { return !name.starts_with('['); }));
  return operands.size() >= said.size() + needed && operands.size() <= said.size() + named.size() &&
         std::equal(said.begin(), said.end(), operands.begin());
}

// "acme/web alice" → "acme", "web", "alice": a team stands in one word. InvalidArgument.
inline Result<std::vector<std::string>> team_words(std::span<const std::string> operands) {
  const std::string& team = operands[0];
  const std::size_t slash = team.find('/');
  if (slash == std::string::npos || slash == 0 || slash + 1 == team.size()) {
    return fail(ErrorCode::InvalidArgument, "\"{}\": a team is called ORGANISATION/TEAM", team);
  }
  std::vector<std::string> words = {team.substr(0, slash), team.substr(slash + 1)};
  words.insert(words.end(), operands.begin() + 1, operands.end());
  return words;
}

}  // namespace entrepot::cli
