#include "meta/sqlite/internal/nouns.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr char kOf[] =
    "SELECT members.organisation, accounts.name, members.role, accounts.base_role"
    "  FROM members JOIN accounts ON accounts.id = members.organisation"
    " WHERE members.account = ?1 AND accounts.state = 1";
constexpr char kList[] =
    "SELECT accounts.id, accounts.name, members.role"
    "  FROM members JOIN accounts ON accounts.id = members.account"
    " WHERE members.organisation = ?1 AND members.account > ?2 ORDER BY members.account LIMIT ?3";
constexpr char kCountOwners[] =
    "SELECT count(*) FROM members JOIN accounts ON accounts.id = members.account"
    " WHERE members.organisation = ?1 AND members.role = 3 AND accounts.state = 1";
constexpr char kSet[] =
    "INSERT INTO members (organisation, account, role) VALUES (?1, ?2, ?3)"
    " ON CONFLICT (organisation, account) DO UPDATE SET role = excluded.role";
constexpr char kRemove[] = "DELETE FROM members WHERE organisation = ?1 AND account = ?2";
constexpr char kLeaveTeams[] =
    "DELETE FROM team_members WHERE account = ?2"
    "   AND team IN (SELECT id FROM teams WHERE organisation = ?1)";

constexpr char kFindTeam[] = "SELECT id FROM teams WHERE organisation = ?1 AND name = ?2";
constexpr char kListTeams[] =
    "SELECT id, name FROM teams WHERE organisation = ?1 AND name > ?2 ORDER BY name LIMIT ?3";
constexpr char kTeamMembers[] =
    "SELECT accounts.id, accounts.name FROM team_members"
    "  JOIN accounts ON accounts.id = team_members.account"
    " WHERE team_members.team = ?1 AND team_members.account > ?2"
    " ORDER BY team_members.account LIMIT ?3";
constexpr char kCreateTeam[] =
    "INSERT INTO teams (organisation, name) VALUES (?1, ?2)"
    " ON CONFLICT (organisation, name) DO NOTHING";
constexpr char kRemoveTeam[] = "DELETE FROM teams WHERE id = ?1";
constexpr char kEmptyTeam[] = "DELETE FROM team_members WHERE team = ?1";
constexpr char kRemoveTeamGrants[] = "DELETE FROM grants WHERE holder_kind = 2 AND holder = ?1";
constexpr char kAddToTeam[] =
    "INSERT INTO team_members (team, account) VALUES (?1, ?2) ON CONFLICT DO NOTHING";
constexpr char kDropFromTeam[] = "DELETE FROM team_members WHERE team = ?1 AND account = ?2";

}  // namespace

Result<std::vector<Membership>> MemberRows::of(AccountId account) const {
  return rows<Membership>(database_.query(kOf, account),
                          [](const Query& row) -> Result<Membership> {
                            return Membership{AccountId{row.integer(0)}, std::string(row.text(1)),
                                              static_cast<MemberRole>(row.integer(2)),
                                              static_cast<RepositoryRole>(row.integer(3))};
                          });
}

Result<std::vector<Member>> MemberRows::list(AccountId organisation, AccountId after,
                                             std::size_t limit) const {
  return rows<Member>(database_.query(kList, organisation, after, to_sql_limit(limit)),
                      [](const Query& row) -> Result<Member> {
                        return Member{AccountId{row.integer(0)}, std::string(row.text(1)),
                                      static_cast<MemberRole>(row.integer(2))};
                      });
}

Result<std::size_t> MemberRows::count_owners(AccountId organisation) const {
  TRY_ASSIGN(Query query, database_.query(kCountOwners, organisation));
  TRY(query.next());
  return query.size(0);
}

Result<void> MemberRows::set(AccountId organisation, AccountId account, MemberRole role) {
  TRY(database_.run(kSet, organisation, account, static_cast<int>(role)));
  return tell_of_people(database_, news_);
}

Result<void> MemberRows::remove(AccountId organisation, AccountId account) {
  TRY_ASSIGN(const auto removed, database_.run(kRemove, organisation, account));
  if (removed == 0) return fail(ErrorCode::NotFound, "no such member");
  TRY(database_.run(kLeaveTeams, organisation, account));
  return tell_of_people(database_, news_);
}

Result<Team> TeamRows::find(AccountId organisation, std::string_view name) const {
  TRY_ASSIGN(Query query, database_.query(kFindTeam, organisation, name));
  TRY_ASSIGN(const bool found, query.next());
  if (!found) return fail(ErrorCode::NotFound, "no team {}", name);
  return Team{query.integer(0), organisation, std::string(name)};
}

Result<std::vector<Team>> TeamRows::list(AccountId organisation, std::string_view after,
                                         std::size_t limit) const {
  return rows<Team>(database_.query(kListTeams, organisation, after, to_sql_limit(limit)),
                    [organisation](const Query& row) -> Result<Team> {
                      return Team{row.integer(0), organisation, std::string(row.text(1))};
                    });
}

Result<std::vector<TeamMember>> TeamRows::members(std::int64_t team, AccountId after,
                                                  std::size_t limit) const {
  return rows<TeamMember>(database_.query(kTeamMembers, team, after, to_sql_limit(limit)),
                          [](const Query& row) -> Result<TeamMember> {
                            return TeamMember{AccountId{row.integer(0)}, std::string(row.text(1))};
                          });
}

Result<Team> TeamRows::create(AccountId organisation, std::string_view name) {
  TRY_ASSIGN(const auto inserted, database_.run(kCreateTeam, organisation, name));
  if (inserted == 0) return fail(ErrorCode::AlreadyExists, "there is a team {}", name);
  const Team team{database_.last_inserted_id(), organisation, std::string(name)};
  TRY(tell_of_people(database_, news_));
  return team;
}

Result<void> TeamRows::remove(std::int64_t team) {
  TRY(database_.run(kRemoveTeamGrants, team));
  TRY(database_.run(kEmptyTeam, team));
  TRY_ASSIGN(const auto removed, database_.run(kRemoveTeam, team));
  if (removed == 0) return fail(ErrorCode::NotFound, "no such team");
  return tell_of_people(database_, news_);
}

Result<void> TeamRows::add(std::int64_t team, AccountId account) {
  TRY(database_.run(kAddToTeam, team, account));
  return tell_of_people(database_, news_);
}

Result<void> TeamRows::drop(std::int64_t team, AccountId account) {
  TRY_ASSIGN(const auto removed, database_.run(kDropFromTeam, team, account));
  if (removed == 0) return fail(ErrorCode::NotFound, "not in the team");
  return tell_of_people(database_, news_);
}

}  // namespace entrepot::meta::sqlite
