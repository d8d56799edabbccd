#pragma once
// cli/verb_words.h — is it this verb that was typed?

#include <algorithm>
#include <span>
#include <string>
#include <string_view>
#include <vector>

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
// ("member add"), and is there one for each of `names` ("ORGANISATION USER") behind them?
inline bool are_said(std::string_view words, std::string_view names,
                     std::span<const std::string> operands) {
  const auto said = words_of(words);
  return operands.size() == said.size() + words_of(names).size() &&
         std::equal(said.begin(), said.end(), operands.begin());
}

}  // namespace entrepot::cli
