#include "meta/sqlite/internal/nouns.h"

namespace entrepot::meta::sqlite {
namespace {

// ?2 is the blob's own digest, ?3 the one that is named. A list of them in one statement (a
// recursive table over octets) takes longer for up to ten, and saves a third of the time for
// 10,000, which no writer waits for.
constexpr char kHeld[] =
    "SELECT b.size_bytes, EXISTS (SELECT 1 FROM reviews WHERE digest = ?2)"
    "  FROM repository_blobs l"
    "  JOIN blobs b ON b.digest = l.digest AND b.going = 0 AND b.damaged_at IS NULL"
    " WHERE l.digest = ?2 AND l.repository = ?1 AND l.dropped = 0";
// Only of what is no blob here: for each layer it would lead to other pages of large indexes.
constexpr char kNotHeld[] =
    "SELECT EXISTS (SELECT 1 FROM repository_blobs WHERE digest = ?2 AND repository = ?1),"
    "       (SELECT iif(deleted_at IS NULL AND damaged_at IS NULL, size_bytes, -1)"
    "          FROM manifests WHERE repository = ?1 AND digest = ?3)";
constexpr char kLosses[] = "SELECT value FROM settings WHERE key = 'losses'";
constexpr char kLose[] =
    "INSERT INTO settings (key, value) VALUES ('losses', '1')"
    " ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)";

Result<std::optional<Holding>> held_blob(Database& database, RepositoryId repository,
                                         const Digest& own) {
  TRY_ASSIGN(Query query, database.query(kHeld, repository, own));
  TRY_ASSIGN(const bool any, query.next());
  if (!any) return std::optional<Holding>();
  Holding holding;
  holding.blob = Blob{own, query.size(0)};
  holding.waits_for_review = query.integer(1) != 0;
  return std::optional(std::move(holding));
}

Result<Holding> other_than_blob(Database& database, RepositoryId repository, const Digest& own,
                                const Digest& named) {
  TRY_ASSIGN(Query query, database.query(kNotHeld, repository, own, named));
  TRY(query.next());
  Holding holding;
  holding.lost_blob = query.integer(0) != 0;
  holding.lost_manifest = !query.is_null(1) && query.integer(1) < 0;
  if (!query.is_null(1) && !holding.lost_manifest) holding.manifest = query.size(1);
  return holding;
}

}  // namespace

Result<std::vector<Holding>> HoldingRows::of(RepositoryId repository,
                                             const std::vector<Digest>& digests) const {
  std::vector<Holding> holdings;
  holdings.reserve(digests.size());
  for (const Digest& digest : digests) {
    TRY_ASSIGN(const Digest own, resolve_or_keep(database_, digest));
    TRY_ASSIGN(auto held, held_blob(database_, repository, own));
    if (!held) {
      TRY_ASSIGN(held, other_than_blob(database_, repository, own, digest));
    }
    holdings.push_back(std::move(*held));
  }
  return holdings;
}

Result<std::uint64_t> HoldingRows::losses() const {
  TRY_ASSIGN(Query query, database_.query(kLosses));
  TRY_ASSIGN(const bool any, query.next());
  return any ? query.size(0) : 0;
}

Result<void> note_loss(Database& database) {
  TRY(database.run(kLose));
  return {};
}

}  // namespace entrepot::meta::sqlite
