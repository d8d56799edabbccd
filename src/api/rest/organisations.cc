#include "api/rest/organisations.h"

#include "api/rest/body.h"
#include "api/rest/rows.h"
#include "people/roles.h"

namespace entrepot::api::rest {
namespace {

using people::ListedOrganisation;
using OrganisationPage = people::Page<ListedOrganisation, std::string>;
using MemberPage = people::Page<meta::Member, std::int64_t>;
using TeamPage = people::Page<meta::Team, std::string>;
using TeamMemberPage = people::Page<meta::TeamMember, std::int64_t>;

constexpr std::string_view kVisibilities = "is public, internal or private";
constexpr std::string_view kBaseRoles = "is none, read or write";

// Of an organisation's settings, from the field `first` on.
template <std::size_t N>
Result<people::OrganisationChange> read_settings(const json::Fields<N>& fields, std::size_t first) {
  people::OrganisationChange settings;
  TRY(read_word(fields, first, &people::parse_visibility, kVisibilities, settings.new_visibility));
  TRY(read_word(fields, first + 1, &people::parse_repository_role, kBaseRoles, settings.base_role));
  if (settings.base_role > meta::RepositoryRole::Write) {
    return fields.invalid(first + 1, kBaseRoles);
  }
  return settings;
}

Result<people::NewOrganisation> new_organisation(std::string_view body) {
  static constexpr json::Names<4> kNames = {"name", "claim", "new_visibility", "base_role"};
  TRY_ASSIGN(const auto document, parse_body(body));
  TRY_ASSIGN(const auto fields, closed_fields(document.root(), kNames));
  TRY(fields.require({0}));
  people::NewOrganisation wished;
  TRY(fields.read(0, wished.name));
  TRY(fields.read(1, wished.claim));
  TRY_ASSIGN(const auto settings, read_settings(fields, 2));
  wished.new_visibility = settings.new_visibility.value_or(wished.new_visibility);
  wished.base_role = settings.base_role.value_or(wished.base_role);
  return wished;
}

Result<people::OrganisationChange> organisation_change(std::string_view body) {
  static constexpr json::Names<2> kNames = {"new_visibility", "base_role"};
  TRY_ASSIGN(const auto document, parse_body(body));
  TRY_ASSIGN(const auto fields, closed_fields(document.root(), kNames));
  TRY_ASSIGN(const auto change, read_settings(fields, 0));
  if (!change.new_visibility && !change.base_role) {
    return fields.invalid(0, "or base_role: one of them is needed");
  }
  return change;
}

Result<meta::MemberRole> member_role(std::string_view body) {
  static constexpr json::Names<1> kNames = {"role"};
  TRY_ASSIGN(const auto document, parse_body(body));
  TRY_ASSIGN(const auto fields, closed_fields(document.root(), kNames));
  TRY(fields.require({0}));
  std::optional<meta::MemberRole> role;
  TRY(read_word(fields, 0, &people::parse_member_role, "is member, editor or owner", role));
  return *role;
}

Result<std::string> team_name(std::string_view body) {
  static constexpr json::Names<1> kNames = {"name"};
  TRY_ASSIGN(const auto document, parse_body(body));
  TRY_ASSIGN(const auto fields, closed_fields(document.root(), kNames));
  TRY(fields.require({0}));
  std::string name;
  TRY(fields.read(0, name));
  return name;
}

Result<ListedOrganisation> find(Context& context, const Call& call, std::string_view name) {
  return look_up<ListedOrganisation>(
      context, call, [&](const people::Roster& roster) { return roster.organisation(name); });
}

}  // namespace

Answered Organisations::list(Context& context, const Call& call) {
  TRY_ASSIGN(const auto query, by_name(call.request));
  TRY_ASSIGN(const auto page,
             look_up<OrganisationPage>(context, call, [&](const people::Roster& roster) {
               return roster.organisations(query);
             }));
  return answer_page(page, write_organisation);
}

Answered Organisations::create(Context& context, const Call& call) {
  TRY_ASSIGN(const auto wished, new_organisation(call.body));
  auto people = people_of(call);
  TRY_ASSIGN(const auto made, people.create_organisation(context, call.author(), wished));
  return created(call, made.name,
                 body_of(ListedOrganisation{made, std::nullopt, true}, write_organisation));
}

Answered Organisations::get(Context& context, const Call& call) {
  TRY_ASSIGN(const auto found, find(context, call, call.words[0]));
  return answer(200, body_of(found, write_organisation));
}

Answered Organisations::change(Context& context, const Call& call) {
  TRY_ASSIGN(const auto change, organisation_change(call.body));
  auto people = people_of(call);
  TRY(people.change_organisation(context, call.author(), call.words[0], change));
  return get(context, call);
}

Answered Organisations::remove(Context& context, const Call& call) {
  auto people = people_of(call);
  TRY(people.remove(context, call.author(), call.words[0], meta::AccountKind::Organisation));
  return done();
}

Answered Organisations::members(Context& context, const Call& call) {
  TRY_ASSIGN(const auto query, by_number(call.request));
  TRY_ASSIGN(const auto page, look_up<MemberPage>(context, call, [&](const people::Roster& roster) {
               return roster.members(call.words[0], query);
             }));
  return answer_page(page, write_member);
}

Answered Organisations::set_member(Context& context, const Call& call) {
  TRY_ASSIGN(const auto role, member_role(call.body));
  auto people = people_of(call);
  TRY(people.set_member(context, call.author(), call.words[0], call.words[1], role));
  return done();
}

Answered Organisations::remove_member(Context& context, const Call& call) {
  auto people = people_of(call);
  TRY(people.remove_member(context, call.author(), call.words[0], call.words[1]));
  return done();
}

Answered Organisations::teams(Context& context, const Call& call) {
  TRY_ASSIGN(const auto query, by_name(call.request));
  TRY_ASSIGN(const auto page, look_up<TeamPage>(context, call, [&](const people::Roster& roster) {
               return roster.teams(call.words[0], query);
             }));
  return answer_page(page, write_name<meta::Team>);
}

Answered Organisations::create_team(Context& context, const Call& call) {
  TRY_ASSIGN(const auto name, team_name(call.body));
  auto people = people_of(call);
  TRY_ASSIGN(const auto made, people.create_team(context, call.author(), call.words[0], name));
  return created(call, made.name, body_of(made, write_name<meta::Team>));
}

Answered Organisations::remove_team(Context& context, const Call& call) {
  auto people = people_of(call);
  TRY(people.remove_team(context, call.author(), call.words[0], call.words[1]));
  return done();
}

Answered Organisations::team_members(Context& context, const Call& call) {
  TRY_ASSIGN(const auto query, by_number(call.request));
  TRY_ASSIGN(const auto page,
             look_up<TeamMemberPage>(context, call, [&](const people::Roster& roster) {
               return roster.team_members(call.words[0], call.words[1], query);
             }));
  return answer_page(page, write_name<meta::TeamMember>);
}

Answered Organisations::add_to_team(Context& context, const Call& call) {
  auto people = people_of(call);
  TRY(people.add_to_team(context, call.author(), call.words[0], call.words[1], call.words[2]));
  return done();
}

Answered Organisations::drop_from_team(Context& context, const Call& call) {
  auto people = people_of(call);
  TRY(people.drop_from_team(context, call.author(), call.words[0], call.words[1], call.words[2]));
  return done();
}

}  // namespace entrepot::api::rest
