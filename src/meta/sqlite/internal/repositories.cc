#include "meta/sqlite/internal/nouns.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr char kFind[] = "SELECT id, created_at FROM repositories WHERE name = ?1 AND gone = 0";
constexpr char kFindAny[] =
    "SELECT id, created_at, expires_at, gone FROM repositories WHERE name = ?1";
constexpr char kList[] =
    "SELECT name FROM repositories WHERE expires_at IS NULL AND name > ?1 ORDER BY name LIMIT ?2";
constexpr char kListAll[] =
    "SELECT name FROM repositories WHERE name > ?1 AND gone = 0 ORDER BY name LIMIT ?2";
constexpr char kInsert[] =
    "INSERT INTO repositories (name, created_at, expires_at) VALUES (?1, ?2, ?3)";
constexpr char kStay[] = "UPDATE repositories SET expires_at = ?2 WHERE id = ?1";
constexpr char kComeBack[] =
    "UPDATE repositories SET created_at = ?2, expires_at = ?3, gone = 0 WHERE id = ?1";

// An empty repository to which something comes stays for longer, but not each push says so anew.
constexpr std::chrono::hours kStaysAtLeast{23};

}  // namespace

Result<Repository> RepositoryRows::find(const RepositoryName& name) const {
  TRY_ASSIGN(Query query, database_.query(kFind, name));
  TRY_ASSIGN(const bool found, query.next());
  if (!found) return fail(ErrorCode::NotFound, "no repository {}", name.str());
  return Repository{RepositoryId{query.integer(0)}, name, query.time(1)};
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
    }
  }
  if (repository.id == RepositoryId{}) {
    TRY(database_.run(kInsert, name, now, expires_at));
    repository.id = RepositoryId{database_.last_inserted_id()};
    repository.is_new = true;
  } else if (gone) {
    TRY(database_.run(kComeBack, repository.id, now, expires_at));
    repository.is_new = true;
    TRY(note_loss(database_));  // what it had and lost was hidden from those who looked before
  } else if (expires_soon) {
    TRY(database_.run(kStay, repository.id, expires_at));
  }
  return repository;
}

}  // namespace entrepot::meta::sqlite
