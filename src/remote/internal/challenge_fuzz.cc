// Challenges: what was read is read again out of its own parts.

#include <string>
#include <string_view>

#include "base/check.h"
#include "remote/internal/challenge.h"

namespace {

using namespace entrepot::remote;

std::string text_of(const std::vector<Demand>& demands) {
  std::string text;
  for (const Demand& demand : demands) {
    text += demand.scheme;
    for (const auto& [name, value] : demand.parameters) {
      text += " " + name + "=\"";
      for (const char c : value) {
        if (c == '"' || c == '\\') text += '\\';
        text += c;
      }
      text += "\",";
    }
    text += " ";
  }
  return text;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string input(reinterpret_cast<const char*>(data), size);
  const auto demands = parse_demands(input);
  CHECK(parse_demands(text_of(demands)) == demands);
  const auto challenge = find_challenge({{"WWW-Authenticate", input}});
  if (challenge) CHECK(challenge->kind == Challenge::Kind::Basic || !challenge->realm.empty());
  CHECK(!challenge || !demands.empty());
  return 0;
}
