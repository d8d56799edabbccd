// `entrepot user` and `entrepot org`: people and organisations of a data directory.
#include <algorithm>

#include <fmt/core.h>

#include "people/find.h"
#include "people/roles.h"
#include "server/command/people_command.h"

namespace entrepot::server {
namespace {

using Operands = std::span<const std::string>;
using meta::AccountKind;

constexpr std::size_t kMostListed = 100'000;

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

Result<void> list_accounts(PeopleOfDirectory& directory, AccountKind kind) {
  TRY_ASSIGN(const auto accounts,
             directory.view<std::vector<meta::Account>>([&](const meta::Snapshot& snapshot) {
               return snapshot.accounts().list(kind, "", kMostListed);
             }));
  std::vector<std::vector<std::string>> lines{{"NAME", "STATE", "ROLE", "SINCE"}};
  for (const meta::Account& account : accounts) {
    lines.push_back(
        {account.name, std::string(people::name_of(account.state)),
         account.role == meta::SystemRole::None ? "-" : std::string(people::name_of(account.role)),
         cli::date_text(account.created_at, "-")});
  }
  cli::print_table(lines);
  return {};
}

Result<void> user_list(PeopleOfDirectory& directory, const Arguments&, Operands) {
  return list_accounts(directory, AccountKind::User);
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

Result<void> org_list(PeopleOfDirectory& directory, const Arguments&, Operands) {
  return list_accounts(directory, AccountKind::Organisation);
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

Result<void> member_list(PeopleOfDirectory& directory, const Arguments&, Operands operands) {
  TRY_ASSIGN(auto members,
             directory.view<std::vector<meta::Member>>(
                 [&](const meta::Snapshot& snapshot) -> Result<std::vector<meta::Member>> {
                   TRY_ASSIGN(const auto there, people::find_account(snapshot, operands[0],
                                                                     AccountKind::Organisation));
                   return snapshot.members().list(there.id, {}, kMostListed);
                 }));
  std::sort(members.begin(), members.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  std::vector<std::vector<std::string>> lines{{"NAME", "ROLE"}};
  for (const meta::Member& member : members) {
    lines.push_back({member.name, std::string(people::name_of(member.role))});
  }
  cli::print_table(lines);
  return {};
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

}  // namespace

int run_user(const Arguments& arguments) { return run_verb(arguments, kUserVerbs); }
int run_org(const Arguments& arguments) { return run_verb(arguments, kOrgVerbs); }

}  // namespace entrepot::server
