#include "remote/internal/challenge.h"

#include <algorithm>

#include "http/message.h"

namespace entrepot::remote {
namespace {

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

class Scanner {
 public:
  explicit Scanner(std::string_view text) : text_(text) {}

  bool at_end() const { return text_.empty(); }
  bool at(char c) const { return text_.starts_with(c); }
  bool take(char c) {
    if (!at(c)) return false;
    text_.remove_prefix(1);
    return true;
  }
  void skip_any(std::string_view letters) {
    text_.remove_prefix(std::min(text_.find_first_not_of(letters), text_.size()));
  }
  std::string_view up_to(std::string_view letters) {
    const std::string_view taken = text_.substr(0, text_.find_first_of(letters));
    text_.remove_prefix(taken.size());
    return taken;
  }
  // Behind an opening quote; false without a closing one.
  bool quoted(std::string& value) {
    while (!text_.empty()) {
      if (take('"')) return true;
      take('\\');
      if (text_.empty()) return false;
      value += text_.front();
      text_.remove_prefix(1);
    }
    return false;
  }

 private:
  std::string_view text_;
};

constexpr std::string_view kBlanks = " \t";
constexpr std::string_view kBetween = " \t,";
constexpr std::string_view kEndOfWord = " \t,=\"";

std::string_view parameter(const Demand& demand, std::string_view name) {
  const auto at = std::find_if(demand.parameters.begin(), demand.parameters.end(),
                               [&](const auto& pair) { return pair.first == name; });
  return at == demand.parameters.end() ? std::string_view() : std::string_view(at->second);
}

}  // namespace

// A word is a scheme unless "=" follows it: then it is a parameter of the scheme before it.
std::vector<Demand> parse_demands(std::string_view text) {
  std::vector<Demand> demands;
  Scanner scanner(text);
  while (true) {
    scanner.skip_any(kBetween);
    if (scanner.at_end()) return demands;
    const std::string_view word = scanner.up_to(kEndOfWord);
    if (word.empty()) return demands;
    scanner.skip_any(kBlanks);
    if (!scanner.take('=')) {
      demands.push_back({.scheme = lower_case(word)});
      continue;
    }
    if (demands.empty()) return demands;
    scanner.skip_any(kBlanks);
    std::string value;
    if (scanner.take('"')) {
      if (!scanner.quoted(value)) return demands;
    } else {
      value = scanner.up_to(kBetween);
    }
    demands.back().parameters.emplace_back(lower_case(word), std::move(value));
  }
}

std::optional<Challenge> find_challenge(const http::client::Headers& headers) {
  std::optional<Challenge> basic;
  for (const auto& [name, value] : headers) {
    if (!http::equals_ignoring_case(name, "WWW-Authenticate")) continue;
    for (const Demand& demand : parse_demands(value)) {
      const std::string_view realm = parameter(demand, "realm");
      if (demand.scheme == "bearer" && !realm.empty()) {
        return Challenge{.kind = Challenge::Kind::Bearer,
                         .realm = std::string(realm),
                         .service = std::string(parameter(demand, "service")),
                         .scope = std::string(parameter(demand, "scope"))};
      }
      if (demand.scheme == "basic") basic = Challenge{};
    }
  }
  return basic;
}

}  // namespace entrepot::remote
