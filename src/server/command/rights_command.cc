// `entrepot repo`, `grant`, `robot`, `token` and `access`: who may do what in a data directory.
#include <charconv>

#include <fmt/core.h>

#include "people/find.h"
#include "people/rights.h"
#include "people/roles.h"
#include "server/command/people_command.h"

namespace entrepot::server {
namespace {

using Operands = std::span<const std::string>;

constexpr std::size_t kMostListed = 100'000;

Result<std::int64_t> number_of(const std::string& text) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error == std::errc() && end == text.data() + text.size()) return number;
  return fail(ErrorCode::InvalidArgument, "\"{}\" is no number of the list", text);
}

Result<meta::Visibility> visibility_of(std::string_view text) {
  const auto visibility = people::parse_visibility(text);
  if (visibility) return *visibility;
  return fail(ErrorCode::InvalidArgument, "\"{}\": a repository is public, internal or private",
              text);
}

Result<meta::RepositoryRole> role_of(std::string_view text) {
  const auto role = people::parse_repository_role(text);
  if (role && *role != meta::RepositoryRole::None) return *role;
  return fail(ErrorCode::InvalidArgument, "\"{}\": a role is read, write, maintain or admin", text);
}

Result<void> repo_create(PeopleOfDirectory& directory, const Arguments& arguments,
                         Operands operands) {
  TRY_ASSIGN(const auto name, oci::RepositoryName::parse(operands[0]));
  TRY_ASSIGN(const auto visibility,
             visibility_of(arguments.value("visibility").value_or("private")));
  TRY(directory.people().create_repository(directory.context(), directory.by(), name, visibility));
  fmt::print("{} is there, {}\n", name.str(), people::name_of(visibility));
  return {};
}

Result<void> repo_visibility(PeopleOfDirectory& directory, const Arguments&, Operands operands) {
  TRY_ASSIGN(const auto name, oci::RepositoryName::parse(operands[0]));
  TRY_ASSIGN(const auto visibility, visibility_of(operands[1]));
  TRY(directory.people().set_visibility(directory.context(), directory.by(), name, visibility));
  fmt::print("{} is {}\n", name.str(), people::name_of(visibility));
  return {};
}

Result<void> set_archived(PeopleOfDirectory& directory, const std::string& typed, bool archived) {
  TRY_ASSIGN(const auto name, oci::RepositoryName::parse(typed));
  TRY(directory.people().set_archived(directory.context(), directory.by(), name, archived));
  fmt::print(
      "{} {}\n", name.str(),
      archived ? "is archived: it can be pulled, and nothing else" : "can be pushed to again");
  return {};
}

Result<void> repo_archive(PeopleOfDirectory& directory, const Arguments&, Operands operands) {
  return set_archived(directory, operands[0], true);
}

Result<void> repo_unarchive(PeopleOfDirectory& directory, const Arguments&, Operands operands) {
  return set_archived(directory, operands[0], false);
}

Result<void> repo_list(PeopleOfDirectory& directory, const Arguments&, Operands) {
  TRY_ASSIGN(const auto found,
             directory.view<std::vector<meta::Repository>>(
                 [](const meta::Snapshot& snapshot) -> Result<std::vector<meta::Repository>> {
                   TRY_ASSIGN(const auto names, snapshot.repositories().list_all("", kMostListed));
                   std::vector<meta::Repository> repositories;
                   for (const auto& name : names) {
                     TRY_ASSIGN(auto repository, snapshot.repositories().find(name));
                     repositories.push_back(std::move(repository));
                   }
                   return repositories;
                 }));
  std::vector<std::vector<std::string>> lines{{"NAME", "VISIBILITY", "SINCE"}};
  for (const meta::Repository& repository : found) {
    lines.push_back({repository.name.str(), std::string(people::name_of(repository.visibility)),
                     cli::date_text(repository.created_at, "-")});
  }
  cli::print_table(lines);
  return {};
}

constexpr Verb kRepoVerbs[] = {
    {"create", "NAME", true, repo_create},
    {"visibility", "NAME public|internal|private", true, repo_visibility},
    {"archive", "NAME", true, repo_archive},
    {"unarchive", "NAME", true, repo_unarchive},
    {"list", "", false, repo_list},
};

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

// `--in acme`: what lies below the namespace.
bool is_in(const Arguments& arguments, std::string_view name) {
  const auto wanted = arguments.value("in");
  return !wanted || name.starts_with(*wanted + "/");
}

Result<void> grant_list(PeopleOfDirectory& directory, const Arguments& arguments, Operands) {
  TRY_ASSIGN(const auto grants,
             directory.view<std::vector<meta::Grant>>([](const meta::Snapshot& snapshot) {
               return snapshot.grants().list(0, kMostListed);
             }));
  std::vector<std::vector<std::string>> lines{{"ID", "TO", "ROLE", "PATTERN", "EXPIRES", "FROM"}};
  for (const meta::Grant& grant : grants) {
    if (!is_in(arguments, grant.pattern)) continue;
    std::string from;
    for (const std::string& network : grant.networks) from += network + ' ';
    lines.push_back({std::to_string(grant.id),
                     grant.holder_name.empty() ? "anonymous" : grant.holder_name,
                     std::string(people::name_of(grant.role)), grant.pattern,
                     cli::date_text(grant.expires_at, "never"), from.empty() ? "anywhere" : from});
  }
  cli::print_table(lines);
  return {};
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
  TRY_ASSIGN(const auto robots,
             directory.view<std::vector<meta::Account>>([](const meta::Snapshot& snapshot) {
               return snapshot.accounts().list(meta::AccountKind::Robot, "", kMostListed);
             }));
  std::vector<std::vector<std::string>> lines{{"NAME", "STATE", "SINCE"}};
  for (const meta::Account& robot : robots) {
    if (!is_in(arguments, robot.name)) continue;
    lines.push_back({robot.name, std::string(people::name_of(robot.state)),
                     cli::date_text(robot.created_at, "-")});
  }
  cli::print_table(lines);
  return {};
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
  TRY_ASSIGN(const auto secrets,
             directory.view<std::vector<meta::Secret>>(
                 [&](const meta::Snapshot& snapshot) -> Result<std::vector<meta::Secret>> {
                   TRY_ASSIGN(const auto account, people::find_account(snapshot, user));
                   return snapshot.secrets().list(account.id, 0, kMostListed);
                 }));
  std::vector<std::vector<std::string>> lines{{"ID", "KIND", "NAME", "EXPIRES", "SINCE", "USED"}};
  for (const meta::Secret& secret : secrets) {
    lines.push_back({std::to_string(secret.id), std::string(people::name_of(secret.kind)),
                     secret.name, cli::date_text(secret.expires_at, "never"),
                     cli::date_text(secret.created_at, "-"),
                     cli::date_text(secret.used_at, "never")});
  }
  cli::print_table(lines);
  return {};
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
  fmt::print("{}: {}\n", decision.allowed() ? "allowed" : "denied", decision.reason);
  return {};
}

constexpr Verb kAccessVerbs[] = {{"explain", "REPOSITORY", false, access_explain}};

}  // namespace

int run_repo(const Arguments& arguments) { return run_verb(arguments, kRepoVerbs); }
int run_grant(const Arguments& arguments) { return run_verb(arguments, kGrantVerbs); }
int run_robot(const Arguments& arguments) { return run_verb(arguments, kRobotVerbs); }
int run_token(const Arguments& arguments) { return run_verb(arguments, kTokenVerbs); }
int run_access(const Arguments& arguments) { return run_verb(arguments, kAccessVerbs); }

}  // namespace entrepot::server
