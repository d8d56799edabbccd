// `entrepot grant`, `robot`, `token` and `access`: who may do what in a data directory.
#include <charconv>

#include <fmt/core.h>

#include "api/rest/rows.h"
#include "people/find.h"
#include "people/rights.h"
#include "people/roles.h"
#include "server/command/people_command.h"

namespace entrepot::server {
namespace {

using Operands = std::span<const std::string>;

namespace rest = api::rest;

Result<std::int64_t> number_of(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return fail(ErrorCode::InvalidArgument, "\"{}\" is no number of the list", text);
}

Result<meta::RepositoryRole> role_of(std::string_view text) {
  const auto role = people::parse_repository_role(text);
  if (role && *role != meta::RepositoryRole::None) return *role;
  return fail(ErrorCode::InvalidArgument, "\"{}\": a role is read, write, maintain or admin", text);
}

Result<void> grant_create(PeopleOfDirectory& directory, const Arguments& arguments,
                          Operands operands) {
  const auto to = arguments.value("to");
  if (!to) {
    return fail(ErrorCode::InvalidArgument,
                "say to whom: --to user:NAME, team:ORGANISATION/NAME, robot:NAMESPACE/NAME or "
                "anonymous");
  }
  people::GrantWish wish{.to = *to, .pattern = operands[0]};
  TRY_ASSIGN(wish.role, role_of(arguments.value("role").value_or("")));
  TRY_ASSIGN(wish.expires_at, expiry_of(arguments, "never"));
  if (const auto network = arguments.value("network")) wish.networks.push_back(*network);
  TRY_ASSIGN(const meta::Grant grant,
             directory.people().grant(directory.context(), directory.by(), wish));
  fmt::print("grant {}: {} {} {}\n", grant.id, *to, people::name_of(grant.role), grant.pattern);
  return {};
}

Result<void> grant_remove(PeopleOfDirectory& directory, const Arguments&, Operands operands) {
  TRY_ASSIGN(const std::int64_t id, number_of(operands[0]));
  TRY(directory.people().revoke_grant(directory.context(), directory.by(), id));
  fmt::print("grant {} is gone\n", id);
  return {};
}

Result<void> grant_list(PeopleOfDirectory& directory, const Arguments& arguments, Operands) {
  const auto within = arguments.value("in");
  return print_rows<std::int64_t>(
      directory, arguments, cli::grant_columns(),
      [&](const auto& roster, const auto& query) {
        return within ? roster.grants_below(*within, query) : roster.grants(query);
      },
      rest::write_grant);
}

constexpr Verb kGrantVerbs[] = {
    {"create", "PATTERN", true, grant_create},
    {"remove", "ID", true, grant_remove},
    {"list", "", false, grant_list},
};

void tell_secret(const Arguments& arguments, std::string_view name,
                 const people::MadeSecret& made) {
  cli::print_secret(
      {.id = made.secret.id, .name = name, .text = made.text, .expires_at = made.secret.expires_at},
      arguments.has("json"));
}

// "acme/*:write"
Result<people::GrantWish> parse_grant(const std::string& text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string::npos) {
    return fail(ErrorCode::InvalidArgument, "--grant: \"{}\" is not like 'acme/*:write'", text);
  }
  people::GrantWish wish{.to = "", .pattern = text.substr(0, colon)};
  TRY_ASSIGN(wish.role, role_of(std::string_view(text).substr(colon + 1)));
  return wish;
}

Result<void> robot_create(PeopleOfDirectory& directory, const Arguments& arguments,
                          Operands operands) {
  people::People::NewRobot wished{.name = operands[0], .grants = {}, .expires_at = {}};
  if (const auto grant = arguments.value("grant")) {
    TRY_ASSIGN(auto wish, parse_grant(*grant));
    wished.grants.push_back(std::move(wish));
  }
  TRY_ASSIGN(wished.expires_at, expiry_of(arguments, "365d"));
  TRY_ASSIGN(const auto made,
             directory.people().create_robot(directory.context(), directory.by(), wished));
  tell_secret(arguments, operands[0], made);
  return {};
}

Result<void> list_robots(PeopleOfDirectory& directory, const Arguments& arguments, Operands) {
  const std::string within = arguments.value("in").value_or("");
  return print_rows<std::string>(
      directory, arguments, cli::robot_columns(),
      [&](const auto& roster, const auto& query) { return roster.robots(within, query); },
      rest::write_robot);
}

Result<void> robot_delete(PeopleOfDirectory& directory, const Arguments&, Operands operands) {
  TRY(directory.people().remove(directory.context(), directory.by(), operands[0]));
  fmt::print("{} is deleted; the name stays taken\n", operands[0]);
  return {};
}

constexpr Verb kRobotVerbs[] = {
    {"create", "NAMESPACE/NAME", true, robot_create},
    {"list", "", false, list_robots},
    {"delete", "NAMESPACE/NAME", true, robot_delete},
};

Result<std::optional<access::Bound>> bound_of(const Arguments& arguments) {
  const auto scope = arguments.value("scope");
  const auto repository = arguments.value("repo");
  if (!scope && !repository) return std::optional<access::Bound>();
  access::Bound bound;
  access::Actions actions;
  std::string_view rest = scope ? std::string_view(*scope) : "*";
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find(','), rest.size());
    const auto word = rest.substr(0, end);
    const auto named = people::actions_of_scope(word);
    if (named == access::Actions{}) {
      return fail(ErrorCode::InvalidArgument, "--scope: \"{}\" is neither pull, push nor delete",
                  word);
    }
    actions = actions | named;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  TRY_ASSIGN(const auto pattern, access::Pattern::parse(repository.value_or("**")));
  bound.scopes.push_back({pattern.str(), actions});
  return std::optional(std::move(bound));
}

Result<std::string> user_of(const Arguments& arguments) {
  if (auto user = arguments.value("owner")) return *std::move(user);
  return fail(ErrorCode::InvalidArgument, "say whose: --owner NAME");
}

Result<void> token_create(PeopleOfDirectory& directory, const Arguments& arguments,
                          Operands operands) {
  people::People::NewToken wished{.user = {}, .name = operands[0], .bound = {}, .expires_at = {}};
  TRY_ASSIGN(wished.user, user_of(arguments));
  TRY_ASSIGN(wished.bound, bound_of(arguments));
  TRY_ASSIGN(wished.expires_at, expiry_of(arguments, "365d"));
  TRY_ASSIGN(const auto made,
             directory.people().create_token(directory.context(), directory.by(), wished));
  tell_secret(arguments, operands[0], made);
  return {};
}

Result<void> token_list(PeopleOfDirectory& directory, const Arguments& arguments, Operands) {
  TRY_ASSIGN(const std::string user, user_of(arguments));
  return print_rows<std::int64_t>(
      directory, arguments, cli::token_columns(),
      [&](const auto& roster, const auto& query) {
        return roster.secrets(user, rest::kListedSecrets, query);
      },
      [](json::Writer& json, const auto& row) { return rest::write_secret(json, row, {}); });
}

Result<void> token_revoke(PeopleOfDirectory& directory, const Arguments&, Operands operands) {
  TRY_ASSIGN(const std::int64_t id, number_of(operands[0]));
  TRY(directory.people().revoke_secret(directory.context(), directory.by(), id));
  fmt::print("token {} is revoked\n", id);
  return {};
}

constexpr Verb kTokenVerbs[] = {
    {"create", "NAME", true, token_create},
    {"list", "", false, token_list},
    {"revoke", "ID", true, token_revoke},
};

Result<void> access_explain(PeopleOfDirectory& directory, const Arguments& arguments,
                            Operands operands) {
  const std::string as = arguments.value("as").value_or("anonymous");
  const auto action = access::parse_action(arguments.value("do").value_or("pull"));
  if (!action) return fail(ErrorCode::InvalidArgument, "--do: pull, push, tag, delete, …");
  TRY_ASSIGN(const auto name, oci::RepositoryName::parse(operands[0]));
  TRY_ASSIGN(const auto decision,
             directory.view<access::Decision>(
                 [&](const meta::Snapshot& snapshot) -> Result<access::Decision> {
                   auto subject = access::Subject::anonymous();
                   if (as != "anonymous") {
                     TRY_ASSIGN(const auto account, people::find_account(snapshot, as));
                     subject = people::subject_of(account);
                   }
                   return people::explain(snapshot, {.subject = subject,
                                                     .action = *action,
                                                     .repository = name.str(),
                                                     .address = {},
                                                     .at = Clock::system().wall()});
                 }));
  if (arguments.has("json")) return print_one(decision, rest::write_explanation);
  fmt::print("{}: {}\n", decision.allowed() ? "allowed" : "denied", decision.reason);
  return {};
}

constexpr Verb kAccessVerbs[] = {{"explain", "REPOSITORY", false, access_explain}};

}  // namespace

int run_grant(const Arguments& arguments) { return run_verb(arguments, kGrantVerbs); }
int run_robot(const Arguments& arguments) { return run_verb(arguments, kRobotVerbs); }
int run_token(const Arguments& arguments) { return run_verb(arguments, kTokenVerbs); }
int run_access(const Arguments& arguments) { return run_verb(arguments, kAccessVerbs); }
std::vector<std::string> grant_verbs() { return said(kGrantVerbs); }
std::vector<std::string> robot_verbs() { return said(kRobotVerbs); }
std::vector<std::string> token_verbs() { return said(kTokenVerbs); }
std::vector<std::string> access_verbs() { return said(kAccessVerbs); }

}  // namespace entrepot::server
