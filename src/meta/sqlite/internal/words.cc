#include "meta/sqlite/internal/nouns.h"

namespace entrepot::meta::sqlite {
namespace {

// From `?1` on, which is left out where it was seen before.
constexpr char kListBeginning[] =
    "SELECT name, description FROM repositories"
    " WHERE expires_at IS NULL AND name >= ?1 AND name < ?2 AND name <> ?3 ORDER BY name LIMIT ?4";
constexpr char kListSeen[] =
    "SELECT name, description FROM repositories"
    " WHERE expires_at IS NULL AND visibility = ?1 AND name > ?2 ORDER BY name LIMIT ?3";
constexpr char kDescription[] = "SELECT description FROM repositories WHERE id = ?1 AND gone = 0";
constexpr char kReadme[] = "SELECT markdown, changed_at FROM readmes WHERE repository = ?1";
constexpr char kSetDescription[] = "UPDATE repositories SET description = ?2 WHERE id = ?1";
constexpr char kSetReadme[] =
    "INSERT INTO readmes (repository, markdown, changed_at) VALUES (?1, ?2, ?3)"
    " ON CONFLICT (repository) DO UPDATE SET markdown = ?2, changed_at = ?3";
constexpr char kRemoveReadme[] = "DELETE FROM readmes WHERE repository = ?1";

// Behind every character of a name.
constexpr char kPastNames = '~';

}  // namespace

Result<std::vector<DescribedName>> WordRows::list(const NameRange& range, std::string_view after,
                                                  std::size_t limit) const {
  const auto row_of = [](const Query& row) -> Result<DescribedName> {
    TRY_ASSIGN(auto name, RepositoryName::parse(row.text(0)));
    return DescribedName{std::move(name), std::string(row.text(1))};
  };
  if (range.visibility) {
    return rows<DescribedName>(
        database_.query(kListSeen, static_cast<int>(*range.visibility), after, to_sql_limit(limit)),
        row_of);
  }
  return rows<DescribedName>(
      database_.query(kListBeginning, std::max<std::string_view>(after, range.beginning),
                      std::string_view(range.beginning + kPastNames), after, to_sql_limit(limit)),
      row_of);
}

Result<std::string> WordRows::description(RepositoryId repository) const {
  TRY_ASSIGN(Query query, database_.query(kDescription, repository));
  TRY_ASSIGN(const bool found, query.next());
  if (!found) return fail(ErrorCode::NotFound, "no such repository");
  return std::string(query.text(0));
}

Result<Readme> WordRows::readme(RepositoryId repository) const {
  TRY_ASSIGN(Query query, database_.query(kReadme, repository));
  TRY_ASSIGN(const bool found, query.next());
  if (!found) return fail(ErrorCode::NotFound, "this repository has no README");
  return Readme{std::string(query.text(0)), query.time(1)};
}

Result<void> WordRows::set_description(RepositoryId repository, std::string_view text) {
  TRY(database_.run(kSetDescription, repository, text));
  return {};
}

Result<void> WordRows::set_readme(RepositoryId repository, std::string_view markdown, WallTime at) {
  TRY(database_.run(kSetReadme, repository, markdown, at));
  return {};
}

Result<void> WordRows::remove_readme(RepositoryId repository) {
  TRY_ASSIGN(const auto removed, database_.run(kRemoveReadme, repository));
  if (removed == 0) return fail(ErrorCode::NotFound, "this repository has no README");
  return {};
}

}  // namespace entrepot::meta::sqlite
