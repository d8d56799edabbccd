#include "meta/sqlite/internal/nouns.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr char kFind[] =
    "SELECT id, created_at, visibility, archived FROM repositories WHERE name = ?1 AND gone = 0";
constexpr char kFindAny[] =
    "SELECT id, created_at, expires_at, gone, visibility, archived FROM repositories"
    " WHERE name = ?1";
constexpr char kList[] =
    "SELECT name FROM repositories WHERE expires_at IS NULL AND name > ?1 ORDER BY name LIMIT ?2";
constexpr char kListAll[] =
    "SELECT name FROM repositories WHERE name > ?1 AND gone = 0 ORDER BY name LIMIT ?2";
constexpr char kListBelow[] =
    "SELECT name FROM repositories WHERE name > max(?1 || '/', ?2) AND name < ?1 || '0'"
    " AND gone = 0 ORDER BY name LIMIT ?3";
constexpr char kHaving[] =
    "SELECT r.name FROM repository_blobs l JOIN repositories r ON r.id = l.repository AND r.gone = "
    "0"
    " WHERE l.digest = ?1 AND l.dropped = 0 ORDER BY l.repository DESC LIMIT ?2";
constexpr char kAnyBelow[] =
    "SELECT 1 FROM repositories WHERE name > ?1 || '/' AND name < ?1 || '0' AND gone = 0 LIMIT 1";
// Of a new repository in the namespace `?4`.
#define NEW_VISIBILITY                                 \
  " iif(EXISTS (SELECT 1 FROM accounts WHERE id > 0)," \
  "     coalesce((SELECT new_visibility FROM accounts WHERE name = ?4 AND kind <> 3), 3), 0)"
constexpr char kInsert[] =
    "INSERT INTO repositories (name, created_at, expires_at, visibility)"
    " VALUES (?1, ?2, ?3," NEW_VISIBILITY ") RETURNING id, visibility";
constexpr char kStay[] = "UPDATE repositories SET expires_at = ?2 WHERE id = ?1";
constexpr char kComeBack[] =
    "UPDATE repositories SET created_at = ?2, expires_at = ?3, gone = 0, archived = 0,"
    " visibility =" NEW_VISIBILITY " WHERE id = ?1 RETURNING id, visibility";
#undef NEW_VISIBILITY
constexpr char kSetVisibility[] = "UPDATE repositories SET visibility = ?2 WHERE id = ?1";
constexpr char kSetArchived[] = "UPDATE repositories SET archived = ?2 WHERE id = ?1";
constexpr char kSettle[] =
    "UPDATE repositories SET visibility = ?1 WHERE id IN"
    " (SELECT id FROM repositories WHERE visibility = 0 LIMIT ?2)";

// An empty repository to which something comes stays for longer, but not each push says so anew.
constexpr std::chrono::hours kStaysAtLeast{23};

// By a statement that returns id and visibility.
Result<void> make(FoundRepository& repository, Result<Query> statement) {
  TRY_ASSIGN(Query query, std::move(statement));
  TRY(query.next());
  repository.id = RepositoryId{query.integer(0)};
  repository.visibility = static_cast<Visibility>(query.integer(1));
  repository.archived = false;
  repository.is_new = true;
  TRY(query.next());  // to its end
  return {};
}

}  // namespace

Result<Repository> RepositoryRows::find(const RepositoryName& name) const {
  TRY_ASSIGN(Query query, database_.query(kFind, name));
  TRY_ASSIGN(const bool found, query.next());
  if (!found) return fail(ErrorCode::NotFound, "no repository {}", name.str());
  return Repository{RepositoryId{query.integer(0)}, name, query.time(1),
                    static_cast<Visibility>(query.integer(2)), query.integer(3) != 0};
}

Result<bool> RepositoryRows::any_below(std::string_view name_space) const {
  return database_.exists(kAnyBelow, name_space);
}

Result<std::vector<RepositoryName>> RepositoryRows::list(std::string_view after,
                                                         std::size_t limit) const {
  return rows<RepositoryName>(database_.query(kList, after, to_sql_limit(limit)),
                              [](const Query& row) { return RepositoryName::parse(row.text(0)); });
}

Result<std::vector<RepositoryName>> RepositoryRows::list_all(std::string_view after,
                                                             std::size_t limit) const {
  return rows<RepositoryName>(database_.query(kListAll, after, to_sql_limit(limit)),
                              [](const Query& row) { return RepositoryName::parse(row.text(0)); });
}

Result<std::vector<RepositoryName>> RepositoryRows::list_below(std::string_view name_space,
                                                               std::string_view after,
                                                               std::size_t limit) const {
  return rows<RepositoryName>(database_.query(kListBelow, name_space, after, to_sql_limit(limit)),
                              [](const Query& row) { return RepositoryName::parse(row.text(0)); });
}

Result<std::vector<RepositoryName>> RepositoryRows::having(const Digest& blob,
                                                           std::size_t limit) const {
  TRY_ASSIGN(const Digest stored, resolve_or_keep(database_, blob));
  return rows<RepositoryName>(database_.query(kHaving, stored, to_sql_limit(limit)),
                              [](const Query& row) { return RepositoryName::parse(row.text(0)); });
}

Result<FoundRepository> RepositoryRows::find_or_create(const RepositoryName& name, WallTime now) {
  const WallTime expires_at = now + kEmptyStays;
  FoundRepository repository{{RepositoryId{}, name, now}};
  bool gone = false;
  bool expires_soon = false;
  {
    TRY_ASSIGN(Query query, database_.query(kFindAny, name));
    TRY_ASSIGN(const bool found, query.next());
    if (found) {
      repository.id = RepositoryId{query.integer(0)};
      gone = query.integer(3) != 0;
      expires_soon = !query.is_null(2) && query.time(2) < now + kStaysAtLeast;
      if (!gone) repository.created_at = query.time(1);
      repository.visibility = static_cast<Visibility>(query.integer(4));
      repository.archived = query.integer(5) != 0;
    }
  }
  if (repository.id == RepositoryId{}) {
    TRY(make(repository, database_.query(kInsert, name, now, expires_at, name.name_space())));
  } else if (gone) {
    TRY(make(repository,
             database_.query(kComeBack, repository.id, now, expires_at, name.name_space())));
    TRY(note_loss(database_));  // what it had and lost was hidden from those who looked before
  } else if (expires_soon) {
    TRY(database_.run(kStay, repository.id, expires_at));
  }
  return repository;
}

Result<void> RepositoryRows::set_visibility(RepositoryId repository, Visibility visibility) {
  TRY(database_.run(kSetVisibility, repository, static_cast<int>(visibility)));
  return tell_of_people(database_, news_);
}

Result<void> RepositoryRows::set_archived(RepositoryId repository, bool archived) {
  TRY(database_.run(kSetArchived, repository, archived ? 1 : 0));
  return tell_of_people(database_, news_);
}

Result<std::size_t> RepositoryRows::settle_visibility(Visibility visibility, std::size_t limit) {
  TRY_ASSIGN(const auto settled,
             database_.run(kSettle, static_cast<int>(visibility), to_sql_limit(limit)));
  if (settled > 0) TRY(tell_of_people(database_, news_));
  return static_cast<std::size_t>(settled);
}

}  // namespace entrepot::meta::sqlite
