// `entrepot user`, `org` and `team`: people, organisations and teams of a data directory.
#include <fmt/core.h>

#include "api/rest/rows.h"
#include "cli/verb_words.h"
#include "people/roles.h"
#include "server/command/people_command.h"

namespace entrepot::server {
namespace {

using Operands = std::span<const std::string>;
namespace rest = api::rest;

Result<void> user_invite(PeopleOfDirectory& directory, const Arguments& /*arguments*/,
                         Operands operands) {
  TRY_ASSIGN(const auto made,
             directory.people().invite(directory.context(), directory.by(), operands[0]));
  cli::print_invitation(operands[0], directory.external_url(), made.text, made.secret.expires_at);
  return {};
}

Result<void> user_create(PeopleOfDirectory& directory, const Arguments& arguments,
                         Operands operands) {
  people::NewUser wished{.name = operands[0], .admin = arguments.has("admin")};
  if (!arguments.has("invite")) {
    TRY_ASSIGN(wished.password, cli::typed_secret("Password"));
  }
  TRY(directory.people().create_user(directory.context(), directory.by(), wished));
  fmt::print("{} has an account{}\n", operands[0],
             arguments.has("admin") ? " and is a system admin" : "");
  TRY_ASSIGN(const auto admins, directory.view<std::size_t>([](const meta::Snapshot& snapshot) {
    return snapshot.accounts().count_admins();
  }));
  if (admins == 0) {
    fmt::print(stderr, "nobody is a system admin yet: entrepot user role {} admin\n", operands[0]);
  }
  return arguments.has("invite") ? user_invite(directory, arguments, operands) : Result<void>();
}

Result<void> user_password(PeopleOfDirectory& directory, const Arguments& /*arguments*/,
                           Operands operands) {
  TRY_ASSIGN(const std::string password, cli::typed_secret("Password"));
  TRY(directory.people().set_password(directory.context(), directory.by(), operands[0], password));
  fmt::print("{} has a new password; what was signed in with the old one has ended\n", operands[0]);
  return {};
}

Result<void> user_list(PeopleOfDirectory& directory, const Arguments& arguments, Operands) {
  return print_rows<std::string>(
      directory, arguments, cli::user_columns(),
      [](const auto& roster, const auto& query) { return roster.users(query, ""); },
      [](json::Writer& json, const auto& row) { rest::write_user(json, row, true); });
}

Result<void> user_enable(PeopleOfDirectory& directory, const Arguments&, Operands operands) {
  TRY(directory.people().set_enabled(directory.context(), directory.by(), operands[0], true));
  fmt::print("{} is active\n", operands[0]);
  return {};
}

Result<void> user_disable(PeopleOfDirectory& directory, const Arguments&, Operands operands) {
  TRY(directory.people().set_enabled(directory.context(), directory.by(), operands[0], false));
  fmt::print("{} is disabled: its next request is refused\n", operands[0]);
  return {};
}

Result<void> user_delete(PeopleOfDirectory& directory, const Arguments&, Operands operands) {
  TRY(directory.people().remove(directory.context(), directory.by(), operands[0]));
  fmt::print("{} is deleted; the name stays taken\n", operands[0]);
  return {};
}

Result<void> user_role(PeopleOfDirectory& directory, const Arguments&, Operands operands) {
  const auto role = people::parse_system_role(operands[1]);
  if (!role) {
    return fail(ErrorCode::InvalidArgument,
                "\"{}\": for the whole system a user is admin, auditor or none of them (none)",
                operands[1]);
  }
  TRY(directory.people().set_role(directory.context(), directory.by(), operands[0], *role));
  fmt::print("{} has the system role {}\n", operands[0], people::name_of(*role));
  return {};
}

constexpr Verb kUserVerbs[] = {
    {"create", "NAME", true, user_create},
    {"password", "NAME", true, user_password},
    {"invite", "NAME", true, user_invite},
    {"list", "", false, user_list},
    {"disable", "NAME", true, user_disable},
    {"enable", "NAME", true, user_enable},
    {"role", "NAME admin|auditor|none", true, user_role},
    {"delete", "NAME", true, user_delete},
};

Result<void> org_create(PeopleOfDirectory& directory, const Arguments& arguments,
                        Operands operands) {
  people::NewOrganisation wished{.name = operands[0], .claim = arguments.has("claim")};
  if (const auto text = arguments.value("visibility")) {
    const auto visibility = people::parse_visibility(*text);
    if (!visibility) {
      return fail(ErrorCode::InvalidArgument, "--visibility is public, internal or private");
    }
    wished.new_visibility = *visibility;
  }
  if (const auto text = arguments.value("base")) {
    const auto role = people::parse_repository_role(*text);
    if (!role || *role > meta::RepositoryRole::Write) {
      return fail(ErrorCode::InvalidArgument, "--base is none, read or write");
    }
    wished.base_role = *role;
  }
  TRY(directory.people().create_organisation(directory.context(), directory.by(), wished));
  fmt::print("{} is an organisation; repositories are made below {}/\n", operands[0], operands[0]);
  return {};
}

Result<void> org_list(PeopleOfDirectory& directory, const Arguments& arguments, Operands) {
  return print_rows<std::string>(
      directory, arguments, cli::organisation_columns(),
      [](const auto& roster, const auto& query) { return roster.organisations(query); },
      rest::write_organisation);
}

Result<void> member_add(PeopleOfDirectory& directory, const Arguments& arguments,
                        Operands operands) {
  const auto role = people::parse_member_role(arguments.value("role").value_or("member"));
  if (!role) return fail(ErrorCode::InvalidArgument, "--role is member, editor or owner");
  TRY(directory.people().set_member(directory.context(), directory.by(), operands[0], operands[1],
                                    *role));
  fmt::print("{} is {} of {}\n", operands[1], people::name_of(*role), operands[0]);
  return {};
}

Result<void> member_remove(PeopleOfDirectory& directory, const Arguments&, Operands operands) {
  TRY(directory.people().remove_member(directory.context(), directory.by(), operands[0],
                                       operands[1]));
  fmt::print("{} is no member of {} any more\n", operands[1], operands[0]);
  return {};
}

Result<void> member_list(PeopleOfDirectory& directory, const Arguments& arguments,
                         Operands operands) {
  return print_rows<std::int64_t>(
      directory, arguments, cli::member_columns(),
      [&](const auto& roster, const auto& query) { return roster.members(operands[0], query); },
      rest::write_member);
}

Result<void> team_create(PeopleOfDirectory& directory, const Arguments&, Operands operands) {
  TRY(directory.people().create_team(directory.context(), directory.by(), operands[0],
                                     operands[1]));
  fmt::print("{}/{} is a team\n", operands[0], operands[1]);
  return {};
}

Result<void> team_delete(PeopleOfDirectory& directory, const Arguments&, Operands operands) {
  TRY(directory.people().remove_team(directory.context(), directory.by(), operands[0],
                                     operands[1]));
  fmt::print("{}/{} is deleted, with what it was granted\n", operands[0], operands[1]);
  return {};
}

Result<void> team_add(PeopleOfDirectory& directory, const Arguments&, Operands operands) {
  TRY(directory.people().add_to_team(directory.context(), directory.by(), operands[0], operands[1],
                                     operands[2]));
  fmt::print("{} is in {}/{}\n", operands[2], operands[0], operands[1]);
  return {};
}

Result<void> team_remove(PeopleOfDirectory& directory, const Arguments&, Operands operands) {
  TRY(directory.people().drop_from_team(directory.context(), directory.by(), operands[0],
                                        operands[1], operands[2]));
  fmt::print("{} is not in {}/{} any more\n", operands[2], operands[0], operands[1]);
  return {};
}

Result<void> team_list(PeopleOfDirectory& directory, const Arguments& arguments,
                       Operands operands) {
  return print_rows<std::string>(
      directory, arguments, cli::name_columns(),
      [&](const auto& roster, const auto& query) { return roster.teams(operands[0], query); },
      rest::write_name<meta::Team>);
}

Result<void> team_member_list(PeopleOfDirectory& directory, const Arguments& arguments,
                              Operands operands) {
  return print_rows<std::int64_t>(
      directory, arguments, cli::name_columns(),
      [&](const auto& roster, const auto& query) {
        return roster.team_members(operands[0], operands[1], query);
      },
      rest::write_name<meta::TeamMember>);
}

// `entrepot team … acme/web` as `entrepot org team … acme web`.
template <Result<void> (*run)(PeopleOfDirectory&, const Arguments&, Operands)>
Result<void> of_team(PeopleOfDirectory& directory, const Arguments& arguments, Operands operands) {
  TRY_ASSIGN(const auto words, cli::team_words(operands));
  return run(directory, arguments, words);
}

constexpr Verb kOrgVerbs[] = {
    {"create", "NAME", true, org_create},
    {"list", "", false, org_list},
    {"delete", "NAME", true, user_delete},
    {"member add", "ORGANISATION USER", true, member_add},
    {"member remove", "ORGANISATION USER", true, member_remove},
    {"member list", "ORGANISATION", false, member_list},
    {"team create", "ORGANISATION TEAM", true, team_create},
    {"team delete", "ORGANISATION TEAM", true, team_delete},
    {"team add", "ORGANISATION TEAM USER", true, team_add},
    {"team remove", "ORGANISATION TEAM USER", true, team_remove},
};

constexpr Verb kTeamVerbs[] = {
    {"create", "ORGANISATION/TEAM", true, of_team<team_create>},
    {"delete", "ORGANISATION/TEAM", true, of_team<team_delete>},
    {"list", "ORGANISATION", false, team_list},
    {"member add", "ORGANISATION/TEAM USER", true, of_team<team_add>},
    {"member remove", "ORGANISATION/TEAM USER", true, of_team<team_remove>},
    {"member list", "ORGANISATION/TEAM", false, of_team<team_member_list>},
};

}  // namespace

int run_user(const Arguments& arguments) { return run_verb(arguments, kUserVerbs); }
int run_org(const Arguments& arguments) { return run_verb(arguments, kOrgVerbs); }
int run_team(const Arguments& arguments) { return run_verb(arguments, kTeamVerbs); }
std::vector<std::string> user_verbs() { return said(kUserVerbs); }
std::vector<std::string> org_verbs() { return said(kOrgVerbs); }
std::vector<std::string> team_verbs() { return said(kTeamVerbs); }

}  // namespace entrepot::server
