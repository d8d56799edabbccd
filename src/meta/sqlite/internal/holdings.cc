#include "meta/sqlite/internal/nouns.h"

namespace entrepot::meta::sqlite {
namespace {

// One row for each of the keys in ?2, with its place among them. What is asked about manifests and
// lost links is asked only of what is no blob here: for each layer it would lead to other pages of
// large indexes.
constexpr char kHeld[] =
    "WITH RECURSIVE asked (n, at, digest) AS ("
    "  SELECT 0, 1, substr(?2, 1, iif(substr(?2, 1, 1) = x'01', 33, 65))"
    "  UNION ALL"
    "  SELECT n + 1, at + length(digest),"
    "         substr(?2, at + length(digest),"
    "                iif(substr(?2, at + length(digest), 1) = x'01', 33, 65))"
    "    FROM asked WHERE at + length(digest) <= length(?2))"
    " SELECT k.n, b.digest, b.size_bytes,"
    "        b.digest IS NOT NULL AND EXISTS (SELECT 1 FROM reviews WHERE digest = b.digest),"
    "        b.digest IS NULL AND EXISTS ("
    "          SELECT 1 FROM repository_blobs"
    "           WHERE digest = coalesce(a.digest, k.digest) AND repository = ?1),"
    "        CASE WHEN b.digest IS NULL THEN ("
    "          SELECT iif(deleted_at IS NULL AND damaged_at IS NULL, size_bytes, -1)"
    "            FROM manifests WHERE repository = ?1 AND digest = k.digest) END"
    "   FROM asked k"
    "   LEFT JOIN blob_aliases a ON a.alias = iif(length(k.digest) = 33, NULL, k.digest)"
    "   LEFT JOIN repository_blobs l INDEXED BY repository_blobs_by_repository"
    "     ON l.repository = ?1 AND l.dropped = 0 AND l.digest = coalesce(a.digest, k.digest)"
    "   LEFT JOIN blobs b ON b.digest = l.digest AND b.going = 0 AND b.damaged_at IS NULL";
constexpr char kLosses[] = "SELECT value FROM settings WHERE key = 'losses'";
constexpr char kLose[] =
    "INSERT INTO settings (key, value) VALUES ('losses', '1')"
    " ON CONFLICT (key) DO UPDATE SET value = CAST(CAST(value AS INTEGER) + 1 AS TEXT)";

Result<Holding> holding_of(const Query& row) {
  Holding holding;
  if (!row.is_null(1)) {
    TRY_ASSIGN(const Digest own, row.digest(1));
    holding.blob = Blob{own, row.size(2)};
  }
  holding.waits_for_review = row.integer(3) != 0;
  holding.lost_blob = row.integer(4) != 0;
  holding.lost_manifest = !row.is_null(5) && row.integer(5) < 0;
  if (!row.is_null(5) && !holding.lost_manifest) holding.manifest = row.size(5);
  return holding;
}

}  // namespace

Result<std::vector<Holding>> HoldingRows::of(RepositoryId repository,
                                             const std::vector<Digest>& digests) const {
  std::vector<Holding> holdings(digests.size());
  if (digests.empty()) return holdings;
  const Bytes keys = keys_of(digests);
  TRY_ASSIGN(Query query, database_.query(kHeld, repository, Octets{keys}));
  for (;;) {
    TRY_ASSIGN(const bool more, query.next());
    if (!more) return holdings;
    TRY_ASSIGN(holdings.at(query.size(0)), holding_of(query));
  }
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
