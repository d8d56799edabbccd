// `entrepot keys`: the keys that sign registry tokens.
#include <fmt/core.h>

#include "people/signing_keys.h"
#include "server/command/people_command.h"

namespace entrepot::server {
namespace {

using Operands = std::span<const std::string>;

Result<void> keys_rotate(PeopleOfDirectory& directory, const Arguments& arguments, Operands) {
  const bool end = arguments.has("end-former");
  TRY(people::ask_for_new_key(directory.context(), directory.store(), directory.by().actor(),
                              end ? people::FormerKeys::End : people::FormerKeys::StayKnown,
                              Clock::system().wall()));
  fmt::print("{}\n", end ? "a new key signs, and all tokens that were given before end, within a "
                           "minute; clients ask for new ones by themselves"
                         : "a new key signs in two minutes; tokens that were given before count "
                           "until they end");
  return {};
}

Result<void> keys_list(PeopleOfDirectory& directory, const Arguments&, Operands) {
  TRY_ASSIGN(const auto made, people::list_signing_keys(directory.context(), directory.store()));
  std::vector<std::vector<std::string>> lines{{"SINCE (UTC)"}};
  for (const WallTime time : made) lines.push_back({cli::date_text(time, "-")});
  cli::print_table(lines);
  return {};
}

constexpr Verb kVerbs[] = {
    {"rotate", "", false, keys_rotate},
    {"list", "", false, keys_list},
};

}  // namespace

int run_keys(const Arguments& arguments) { return run_verb(arguments, kVerbs); }
std::vector<std::string> keys_verbs() { return said(kVerbs); }

}  // namespace entrepot::server
