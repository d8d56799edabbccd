#include "meta/sqlite/internal/nouns.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr char kFind[] = "SELECT id, created_at FROM repositories WHERE name = ?1";
constexpr char kList[] = "SELECT name FROM repositories WHERE name > ?1 ORDER BY name LIMIT ?2";
constexpr char kInsert[] = "INSERT INTO repositories (name, created_at) VALUES (?1, ?2)";

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

Result<Repository> RepositoryRows::find_or_create(const RepositoryName& name, WallTime now) {
  auto found = find(name);
  if (found || found.error().code != ErrorCode::NotFound) return found;
  TRY(database_.run(kInsert, name, now));
  return Repository{RepositoryId{database_.last_inserted_id()}, name, now};
}

}  // namespace entrepot::meta::sqlite
