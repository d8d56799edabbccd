#include <limits>

#include "meta/sqlite/internal/nouns.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr char kFind[] =
    "SELECT m.digest, t.moved_at FROM tags t JOIN manifests m ON m.id = t.manifest"
    " WHERE t.repository = ?1 AND t.name = ?2";
constexpr char kList[] =
    "SELECT name FROM tags WHERE repository = ?1 AND name > ?2 ORDER BY name LIMIT ?3";
constexpr char kByName[] =
    "SELECT t.name, m.digest, t.moved_at FROM tags t JOIN manifests m ON m.id = t.manifest"
    " WHERE t.repository = ?1 AND t.name > ?2 ORDER BY t.name LIMIT ?3";
constexpr char kNewestFirst[] =
    "SELECT t.name, m.digest, t.moved_at FROM tags t JOIN manifests m ON m.id = t.manifest"
    " WHERE t.repository = ?1 AND (t.moved_at, t.name) < (?2, ?3)"
    " ORDER BY t.moved_at DESC, t.name DESC LIMIT ?4";
constexpr char kCount[] =
    "SELECT count(*) FROM (SELECT 1 FROM tags WHERE repository = ?1 LIMIT ?2) AS counted";
constexpr char kHistory[] =
    "SELECT kind, digest, at, actor FROM journal"
    " WHERE repository = (SELECT name FROM repositories WHERE id = ?1) AND tag = ?2"
    " ORDER BY sequence DESC LIMIT ?3";
constexpr char kTarget[] =
    "SELECT id FROM manifests WHERE repository = ?1 AND digest = ?2 AND deleted_at IS NULL";
constexpr char kMove[] =
    "INSERT INTO tags (repository, name, manifest, moved_at) VALUES (?1, ?2, ?3, ?4)"
    " ON CONFLICT (repository, name)"
    " DO UPDATE SET manifest = excluded.manifest, moved_at = excluded.moved_at";
constexpr char kRemove[] = "DELETE FROM tags WHERE repository = ?1 AND name = ?2";
// A hidden manifest's tags, too: whoever hides it removes them.
constexpr char kTagsOf[] =
    "SELECT t.name FROM manifests m JOIN tags t ON t.manifest = m.id AND t.repository = ?1"
    " WHERE m.repository = ?1 AND m.digest = ?2 ORDER BY t.name LIMIT ?3";

// Behind every row.
const TagQuery::After kFromTheNewest{"", WallTime::max()};

constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

Result<TagRow> row_of(const Query& row) {
  TRY_ASSIGN(Tag tag, Tag::parse(row.text(0)));
  TRY_ASSIGN(const Digest digest, row.digest(1));
  return TagRow{std::move(tag), digest, row.time(2)};
}

Result<TagMove> move_of(const Query& row) {
  TagMove move{.digest = std::nullopt, .at = row.time(2), .by = std::string(row.text(3))};
  if (row.integer(0) != static_cast<int>(events::EventKind::TagDeleted)) {
    TRY_ASSIGN(move.digest, row.digest(1));
  }
  return move;
}

}  // namespace

Result<TagRow> TagRows::find(RepositoryId repository, const Tag& tag) const {
  TRY_ASSIGN(Query query, database_.query(kFind, repository, tag));
  TRY_ASSIGN(const bool found, query.next());
  if (!found) return fail(ErrorCode::NotFound, "no tag {}", tag.str());
  TRY_ASSIGN(const Digest digest, query.digest(0));
  return TagRow{tag, digest, query.time(1)};
}

Result<std::vector<Tag>> TagRows::list(RepositoryId repository, std::string_view after,
                                       std::size_t limit) const {
  return rows<Tag>(database_.query(kList, repository, after, to_sql_limit(limit)),
                   [](const Query& row) { return Tag::parse(row.text(0)); });
}

Result<std::vector<TagRow>> TagRows::page(const TagQuery& query) const {
  const auto limit = to_sql_limit(query.limit);
  if (query.order == TagQuery::Order::ByName) {
    const std::string_view after = query.after ? std::string_view(query.after->name) : "";
    return rows<TagRow>(database_.query(kByName, query.repository, after, limit), &row_of);
  }
  const auto& [name, moved_at] = query.after ? *query.after : kFromTheNewest;
  return rows<TagRow>(
      database_.query(kNewestFirst, query.repository, moved_at, std::string_view(name), limit),
      &row_of);
}

Result<std::size_t> TagRows::count(RepositoryId repository, std::size_t most) const {
  TRY_ASSIGN(Query query, database_.query(kCount, repository, to_sql_limit(most)));
  TRY(query.next());
  return static_cast<std::size_t>(query.integer(0));
}

Result<std::vector<TagMove>> TagRows::history(RepositoryId repository, const Tag& tag,
                                              std::size_t limit) const {
  return rows<TagMove>(database_.query(kHistory, repository, tag, to_sql_limit(limit)), &move_of);
}

Result<std::vector<Tag>> TagRows::pointing_at(RepositoryId repository, const Digest& digest,
                                              std::size_t limit) const {
  return rows<Tag>(database_.query(kTagsOf, repository, digest, to_sql_limit(limit)),
                   [](const Query& row) { return Tag::parse(row.text(0)); });
}

Result<std::optional<Digest>> TagRows::move(RepositoryId repository, const Tag& tag,
                                            const Digest& digest, WallTime at) {
  std::int64_t manifest = 0;
  {
    TRY_ASSIGN(Query query, database_.query(kTarget, repository, digest));
    TRY_ASSIGN(const bool found, query.next());
    if (!found) return fail(ErrorCode::NotFound, "no manifest {}", digest.to_string());
    manifest = query.integer(0);
  }
  std::optional<Digest> previous;
  TRY_ASSIGN(const auto before, if_there(find(repository, tag)));
  if (before) previous = before->digest;
  TRY(database_.run(kMove, repository, tag, manifest, at));
  return previous;
}

Result<Digest> TagRows::remove(RepositoryId repository, const Tag& tag) {
  TRY_ASSIGN(const TagRow row, find(repository, tag));
  TRY(database_.run(kRemove, repository, tag));
  return row.digest;
}

Result<std::vector<Tag>> TagRows::remove_all(RepositoryId repository, const Digest& digest) {
  TRY_ASSIGN(auto tags, pointing_at(repository, digest, kAll));
  for (const Tag& tag : tags) TRY(database_.run(kRemove, repository, tag));
  return tags;
}

}  // namespace entrepot::meta::sqlite
