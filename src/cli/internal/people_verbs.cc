// `entrepot user`, `org` and `team` at a server.
#include <fmt/core.h>

#include "cli/internal/verbs.h"
#include "cli/printed.h"
#include "cli/verb_words.h"

namespace entrepot::cli {
namespace {

std::string user_path(std::string_view name) { return "/users/" + escaped(name); }
std::string org_path(std::string_view name) { return "/organisations/" + escaped(name); }

std::string object(std::string_view name, std::string_view text) {
  std::string body;
  json::Writer(body).begin_object().member(name, text).end_object();
  return body;
}

Result<void> user_invite(Api& api, const Typed&, Operands operands) {
  TRY_ASSIGN(const std::string answer, api.ask("POST", user_path(operands[0]) + "/invitation"));
  TRY_ASSIGN(const auto document, read_answer(answer));
  const json::Value root = document.root();
  TRY_ASSIGN(const std::string secret, Row{root}.text("secret"));
  TRY_ASSIGN(const std::string expires, Row{root}.text("expires_at", ""));
  print_invitation(operands[0], api.server().url, secret, parse_rfc3339(expires));
  return {};
}

Result<void> user_create(Api& api, const Typed& typed, Operands operands) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("name", operands[0]).member("admin", typed.has("admin"));
  if (!typed.has("invite")) {
    TRY_ASSIGN(const std::string password, typed_secret("Password"));
    writer.member("password", password);
  }
  writer.end_object();
  TRY(api.ask("POST", "/users", std::move(body)));
  fmt::print("{} has an account{}\n", operands[0],
             typed.has("admin") ? " and is a system admin" : "");
  return typed.has("invite") ? user_invite(api, typed, operands) : Result<void>();
}

// One's own is asked for twice: the old one, then the new one.
Result<void> user_password(Api& api, const Typed&, Operands operands) {
  const bool own = operands[0] == api.server().user;
  std::string body;
  json::Writer writer(body);
  writer.begin_object();
  if (own) {
    TRY_ASSIGN(const std::string old_password, typed_secret("Old password"));
    writer.member("old_password", old_password);
  }
  TRY_ASSIGN(const std::string password, typed_secret("New password"));
  writer.member("password", password).end_object();
  TRY(api.ask("PUT", user_path(operands[0]) + "/password", std::move(body)));
  fmt::print("{} has a new password; what was signed in with the old one has ended\n", operands[0]);
  if (own) fmt::print(stderr, "sign in again: entrepot login {}\n", api.server().url);
  return {};
}

Result<void> user_list(Api& api, const Typed& typed, Operands) {
  return print_list(api, typed, "/users", user_columns());
}

Result<void> set_enabled(Api& api, const std::string& user, bool enabled) {
  std::string body;
  json::Writer(body).begin_object().member("enabled", enabled).end_object();
  TRY(api.ask("PATCH", user_path(user), std::move(body)));
  fmt::print("{} is {}\n", user, enabled ? "active" : "disabled: its next request is refused");
  return {};
}

Result<void> user_enable(Api& api, const Typed&, Operands operands) {
  return set_enabled(api, operands[0], true);
}

Result<void> user_disable(Api& api, const Typed&, Operands operands) {
  return set_enabled(api, operands[0], false);
}

Result<void> user_role(Api& api, const Typed&, Operands operands) {
  TRY(api.ask("PATCH", user_path(operands[0]), object("role", operands[1])));
  fmt::print("{} has the system role {}\n", operands[0], operands[1]);
  return {};
}

Result<void> user_delete(Api& api, const Typed&, Operands operands) {
  TRY(api.ask("DELETE", user_path(operands[0])));
  fmt::print("{} is deleted; the name stays taken\n", operands[0]);
  return {};
}

Result<void> org_create(Api& api, const Typed& typed, Operands operands) {
  std::string body;
  json::Writer writer(body);
  writer.begin_object().member("name", operands[0]).member("claim", typed.has("claim"));
  if (const auto word = typed.flag("visibility")) writer.member("new_visibility", *word);
  if (const auto word = typed.flag("base")) writer.member("base_role", *word);
  writer.end_object();
  TRY(api.ask("POST", "/organisations", std::move(body)));
  fmt::print("{} is an organisation; repositories are made below {}/\n", operands[0], operands[0]);
  return {};
}

Result<void> org_list(Api& api, const Typed& typed, Operands) {
  return print_list(api, typed, "/organisations", organisation_columns());
}

Result<void> org_delete(Api& api, const Typed&, Operands operands) {
  TRY(api.ask("DELETE", org_path(operands[0])));
  fmt::print("{} is deleted; the name stays taken\n", operands[0]);
  return {};
}

std::string member_path(Operands operands) {
  return org_path(operands[0]) + "/members/" + escaped(operands[1]);
}

Result<void> member_add(Api& api, const Typed& typed, Operands operands) {
  const std::string role = typed.flag("role").value_or("member");
  TRY(api.ask("PUT", member_path(operands), object("role", role)));
  fmt::print("{} is {} of {}\n", operands[1], role, operands[0]);
  return {};
}

Result<void> member_remove(Api& api, const Typed&, Operands operands) {
  TRY(api.ask("DELETE", member_path(operands)));
  fmt::print("{} is no member of {} any more\n", operands[1], operands[0]);
  return {};
}

Result<void> member_list(Api& api, const Typed& typed, Operands operands) {
  return print_list(api, typed, org_path(operands[0]) + "/members", member_columns());
}

std::string team_path(Operands operands) {
  return org_path(operands[0]) + "/teams/" + escaped(operands[1]);
}

Result<void> team_create(Api& api, const Typed&, Operands operands) {
  TRY(api.ask("POST", org_path(operands[0]) + "/teams", object("name", operands[1])));
  fmt::print("{}/{} is a team\n", operands[0], operands[1]);
  return {};
}

Result<void> team_delete(Api& api, const Typed&, Operands operands) {
  TRY(api.ask("DELETE", team_path(operands)));
  fmt::print("{}/{} is deleted, with what it was granted\n", operands[0], operands[1]);
  return {};
}

Result<void> team_add(Api& api, const Typed&, Operands operands) {
  TRY(api.ask("PUT", team_path(operands) + "/members/" + escaped(operands[2])));
  fmt::print("{} is in {}/{}\n", operands[2], operands[0], operands[1]);
  return {};
}

Result<void> team_remove(Api& api, const Typed&, Operands operands) {
  TRY(api.ask("DELETE", team_path(operands) + "/members/" + escaped(operands[2])));
  fmt::print("{} is not in {}/{} any more\n", operands[2], operands[0], operands[1]);
  return {};
}

Result<void> team_list(Api& api, const Typed& typed, Operands operands) {
  return print_list(api, typed, org_path(operands[0]) + "/teams", name_columns());
}

Result<void> team_member_list(Api& api, const Typed& typed, Operands operands) {
  return print_list(api, typed, team_path(operands) + "/members", name_columns());
}

// `entrepot team … acme/web` as `entrepot org team … acme web`.
template <Result<void> (*run)(Api&, const Typed&, Operands)>
Result<void> of_team(Api& api, const Typed& typed, Operands operands) {
  TRY_ASSIGN(const auto words, team_words(operands));
  return run(api, typed, words);
}

constexpr Verb kVerbs[] = {
    {"user", "create", "NAME", user_create},
    {"user", "password", "NAME", user_password},
    {"user", "invite", "NAME", user_invite},
    {"user", "list", "", user_list},
    {"user", "disable", "NAME", user_disable},
    {"user", "enable", "NAME", user_enable},
    {"user", "role", "NAME admin|auditor|none", user_role},
    {"user", "delete", "NAME", user_delete},
    {"org", "create", "NAME", org_create},
    {"org", "list", "", org_list},
    {"org", "delete", "NAME", org_delete},
    {"org", "member add", "ORGANISATION USER", member_add},
    {"org", "member remove", "ORGANISATION USER", member_remove},
    {"org", "member list", "ORGANISATION", member_list},
    {"org", "team create", "ORGANISATION TEAM", team_create},
    {"org", "team delete", "ORGANISATION TEAM", team_delete},
    {"org", "team add", "ORGANISATION TEAM USER", team_add},
    {"org", "team remove", "ORGANISATION TEAM USER", team_remove},
    {"team", "create", "ORGANISATION/TEAM", of_team<team_create>},
    {"team", "delete", "ORGANISATION/TEAM", of_team<team_delete>},
    {"team", "list", "ORGANISATION", team_list},
    {"team", "member add", "ORGANISATION/TEAM USER", of_team<team_add>},
    {"team", "member remove", "ORGANISATION/TEAM USER", of_team<team_remove>},
    {"team", "member list", "ORGANISATION/TEAM", of_team<team_member_list>},
};

}  // namespace

std::span<const Verb> people_verbs() { return kVerbs; }

}  // namespace entrepot::cli
