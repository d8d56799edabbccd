#include "meta/sqlite/internal/nouns.h"

namespace entrepot::meta::sqlite {
namespace {

// A holder's name: the account's, or organisation/team.
#define GRANT_COLUMNS                                                                       \
  "grants.id, grants.holder_kind, grants.holder, grants.role, grants.pattern,"              \
  " grants.repository, grants.expires_at, grants.networks, grants.made_by, grants.made_at," \
  " CASE grants.holder_kind"                                                                \
  "   WHEN 1 THEN (SELECT name FROM accounts WHERE id = grants.holder)"                     \
  "   WHEN 2 THEN (SELECT accounts.name || '/' || teams.name FROM teams"                    \
  "                  JOIN accounts ON accounts.id = teams.organisation"                     \
  "                 WHERE teams.id = grants.holder)"                                        \
  "   WHEN 4 THEN 'htpasswd'"                                                               \
  "   ELSE '' END"

constexpr char kFind[] = "SELECT " GRANT_COLUMNS " FROM grants WHERE id = ?1";
constexpr char kHeldBy[] =
    "SELECT " GRANT_COLUMNS " FROM grants WHERE holder_kind = 1 AND holder = ?1";
constexpr char kHeldByTeams[] =
    "SELECT " GRANT_COLUMNS
    " FROM team_members JOIN grants ON grants.holder_kind = 2 AND grants.holder = team_members.team"
    " WHERE team_members.account = ?1";
constexpr char kHeldByProvider[] =
    "SELECT " GRANT_COLUMNS
    " FROM accounts JOIN grants ON grants.holder_kind = 4 AND grants.holder = accounts.provider"
    " WHERE accounts.id = ?1";
constexpr char kHeldByAnonymous[] =
    "SELECT " GRANT_COLUMNS " FROM grants WHERE holder_kind = 3 AND holder = 0";
constexpr char kList[] = "SELECT " GRANT_COLUMNS " FROM grants WHERE id > ?1 ORDER BY id LIMIT ?2";
// '0' is the character behind '/'.
constexpr char kListBelow[] = "SELECT " GRANT_COLUMNS
                              " FROM grants WHERE id > ?2 AND pattern > ?1 || '/'"
                              "   AND pattern < ?1 || '0' ORDER BY id LIMIT ?3";
constexpr char kListAbout[] = "SELECT " GRANT_COLUMNS
                              " FROM grants WHERE id > ?3 AND (CASE repository WHEN 0"
                              "   THEN ?2 GLOB pattern ELSE repository = ?1 END)"
                              " ORDER BY id LIMIT ?4";
constexpr char kInsert[] =
    "INSERT INTO grants (holder_kind, holder, role, pattern, repository, expires_at, networks,"
    " made_by, made_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
constexpr char kRemove[] = "DELETE FROM grants WHERE id = ?1";
constexpr char kRemoveOf[] = "DELETE FROM grants WHERE holder_kind = 1 AND holder = ?1";

#undef GRANT_COLUMNS

std::vector<std::string> split(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find(' '), text.size());
    if (end > 0) words.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return words;
}

std::string join(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) {
    if (!text.empty()) text += ' ';
    text += word;
  }
  return text;
}

Result<Grant> grant_of(const Query& row) {
  Grant grant;
  grant.id = row.integer(0);
  grant.holder_kind = static_cast<HolderKind>(row.integer(1));
  grant.holder = row.integer(2);
  grant.role = static_cast<RepositoryRole>(row.integer(3));
  grant.pattern = row.text(4);
  grant.repository = RepositoryId{row.integer(5)};
  if (!row.is_null(6)) grant.expires_at = row.time(6);
  grant.networks = split(row.text(7));
  grant.made_by = row.text(8);
  grant.made_at = row.time(9);
  grant.holder_name = row.text(10);
  return grant;
}

}  // namespace

Result<Grant> GrantRows::find(std::int64_t id) const {
  TRY_ASSIGN(Query query, database_.query(kFind, id));
  TRY_ASSIGN(const bool found, query.next());
  if (!found) return fail(ErrorCode::NotFound, "no grant {}", id);
  return grant_of(query);
}

Result<std::vector<Grant>> GrantRows::held_by(AccountId account) const {
  if (!account) return rows<Grant>(database_.query(kHeldByAnonymous), &grant_of);
  TRY_ASSIGN(auto grants, rows<Grant>(database_.query(kHeldBy, account), &grant_of));
  TRY_ASSIGN(auto of_teams, rows<Grant>(database_.query(kHeldByTeams, account), &grant_of));
  TRY_ASSIGN(auto of_provider, rows<Grant>(database_.query(kHeldByProvider, account), &grant_of));
  for (auto* more : {&of_teams, &of_provider}) {
    grants.insert(grants.end(), std::make_move_iterator(more->begin()),
                  std::make_move_iterator(more->end()));
  }
  return grants;
}

Result<std::vector<Grant>> GrantRows::list(std::int64_t after, std::size_t limit) const {
  return rows<Grant>(database_.query(kList, after, to_sql_limit(limit)), &grant_of);
}

Result<std::vector<Grant>> GrantRows::list_below(std::string_view name_space, std::int64_t after,
                                                 std::size_t limit) const {
  return rows<Grant>(database_.query(kListBelow, name_space, after, to_sql_limit(limit)),
                     &grant_of);
}

Result<std::vector<Grant>> GrantRows::list_about(const Repository& repository, std::int64_t after,
                                                 std::size_t limit) const {
  return rows<Grant>(
      database_.query(kListAbout, repository.id, repository.name, after, to_sql_limit(limit)),
      &grant_of);
}

Result<Grant> GrantRows::create(const NewGrant& grant) {
  TRY(database_.run(kInsert, static_cast<int>(grant.holder_kind), grant.holder,
                    static_cast<int>(grant.role), grant.pattern, grant.repository, grant.expires_at,
                    join(grant.networks), grant.made_by, grant.made_at));
  const std::int64_t id = database_.last_inserted_id();
  TRY(tell_of_people(database_, news_));
  return find(id);
}

Result<void> GrantRows::remove(std::int64_t id) {
  TRY_ASSIGN(const auto removed, database_.run(kRemove, id));
  if (removed == 0) return fail(ErrorCode::NotFound, "no grant {}", id);
  return tell_of_people(database_, news_);
}

Result<void> GrantRows::remove_of(AccountId account) {
  TRY(database_.run(kRemoveOf, account));
  return tell_of_people(database_, news_);
}

}  // namespace entrepot::meta::sqlite
