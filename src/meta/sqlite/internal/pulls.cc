#include "meta/sqlite/internal/nouns.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr char kOfManifest[] =
    "SELECT p.times, p.last_at FROM manifests m JOIN manifest_pulls p ON p.manifest = m.id"
    " WHERE m.repository = ?1 AND m.digest = ?2 AND m.deleted_at IS NULL";
constexpr char kOfRepository[] =
    "SELECT times, last_at FROM repository_pulls WHERE repository = ?1";
// 3: a child of an index.
constexpr char kFind[] =
    "SELECT m.id, m.repository FROM repositories r"
    "  JOIN manifests m ON m.repository = r.id AND m.digest = ?2"
    " WHERE r.name = ?1 AND m.deleted_at IS NULL"
    "   AND NOT EXISTS (SELECT 1 FROM manifest_references n"
    "                    WHERE n.digest = ?2 AND n.repository = r.id AND n.live = 1"
    "                      AND n.kind = 3)";
constexpr char kAddToManifest[] =
    "INSERT INTO manifest_pulls (manifest, times, last_at) VALUES (?1, ?2, ?3)"
    " ON CONFLICT (manifest) DO UPDATE SET times = times + ?2, last_at = max(last_at, ?3)";
constexpr char kAddToRepository[] =
    "INSERT INTO repository_pulls (repository, times, last_at) VALUES (?1, ?2, ?3)"
    " ON CONFLICT (repository) DO UPDATE SET times = times + ?2, last_at = max(last_at, ?3)";

Result<PullCount> count_of(Result<Query> found) {
  TRY_ASSIGN(Query query, std::move(found));
  TRY_ASSIGN(const bool any, query.next());
  if (!any) return PullCount{};
  return PullCount{query.size(0), query.time(1)};
}

}  // namespace

Result<PullCount> PullRows::of(RepositoryId repository, const Digest& digest) const {
  return count_of(database_.query(kOfManifest, repository, digest));
}

Result<PullCount> PullRows::of(RepositoryId repository) const {
  return count_of(database_.query(kOfRepository, repository));
}

Result<void> PullRows::note(std::span<const PullNote> notes) {
  for (const PullNote& note : notes) {
    std::int64_t manifest = 0;
    RepositoryId repository;
    {
      TRY_ASSIGN(Query query, database_.query(kFind, note.repository, note.digest));
      TRY_ASSIGN(const bool found, query.next());
      if (!found) continue;
      manifest = query.integer(0);
      repository = RepositoryId{query.integer(1)};
    }
    const auto times = static_cast<std::int64_t>(note.times);
    TRY(database_.run(kAddToManifest, manifest, times, note.last_at));
    TRY(database_.run(kAddToRepository, repository, times, note.last_at));
  }
  return {};
}

}  // namespace entrepot::meta::sqlite
