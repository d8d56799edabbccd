#include "meta/sqlite/internal/nouns.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr char kResolve[] = "SELECT digest FROM blob_aliases WHERE alias = ?1";
constexpr char kFindByName[] =
    "SELECT b.size_bytes FROM repositories r"
    "  JOIN repository_blobs l ON l.digest = ?2 AND l.repository = r.id AND l.dropped = 0"
    "  JOIN blobs b ON b.digest = l.digest AND b.going = 0 AND b.damaged_at IS NULL"
    " WHERE r.name = ?1";
constexpr char kFindById[] =
    "SELECT b.size_bytes FROM repository_blobs l"
    "  JOIN blobs b ON b.digest = l.digest AND b.going = 0 AND b.damaged_at IS NULL"
    " WHERE l.digest = ?2 AND l.repository = ?1 AND l.dropped = 0";
constexpr char kFindAnywhere[] =
    "SELECT size_bytes FROM blobs WHERE digest = ?1 AND going = 0 AND damaged_at IS NULL";
constexpr char kList[] =
    "SELECT digest, size_bytes FROM blobs"
    " WHERE digest > ?1 AND going = 0 AND damaged_at IS NULL ORDER BY digest LIMIT ?2";
constexpr char kHolders[] =
    "SELECT repository FROM repository_blobs WHERE digest = ?1 AND dropped = 0"
    " ORDER BY repository LIMIT ?2";
constexpr char kLinkedAt[] =
    "SELECT linked_at FROM repository_blobs"
    " WHERE digest = ?2 AND repository = ?1 AND dropped = 0";
// A link without bytes, or whose bytes are going or damaged, is as good as dropped.
constexpr char kWasLinked[] =
    "SELECT 1 FROM repository_blobs l LEFT JOIN blobs b ON b.digest = l.digest AND b.going = 0 AND "
    "b.damaged_at IS NULL"
    " WHERE l.digest = ?2 AND l.repository = ?1 AND (l.dropped = 1 OR b.digest IS NULL)";

// What is written anew without having changed is a page more to log and to sync.
constexpr char kRecord[] =
    "INSERT INTO blobs (digest, size_bytes, going, recorded_at) VALUES (?1, ?2, 0, ?3)"
    " ON CONFLICT (digest) DO UPDATE SET size_bytes = excluded.size_bytes, going = 0,"
    "                                   damaged_at = NULL"
    "   WHERE size_bytes <> excluded.size_bytes OR going <> 0 OR damaged_at IS NOT NULL";
constexpr char kRecordAlias[] =
    "INSERT INTO blob_aliases (alias, digest) VALUES (?1, ?2)"
    " ON CONFLICT (alias) DO UPDATE SET digest = excluded.digest";
// A link that is there; the indexes stay as they are.
constexpr char kLinkAgain[] =
    "UPDATE repository_blobs SET linked_at = ?3"
    " WHERE digest = ?2 AND repository = ?1 AND dropped = 0 AND gone_at IS NULL";
constexpr char kLink[] =
    "INSERT INTO repository_blobs (digest, repository, linked_at, dropped) VALUES (?2, ?1, ?3, 0)"
    " ON CONFLICT (digest, repository) DO UPDATE SET linked_at = excluded.linked_at, dropped = 0,"
    "   gone_at = NULL";
constexpr char kUnlink[] =
    "UPDATE repository_blobs SET dropped = 1"
    " WHERE digest = ?2 AND repository = ?1 AND dropped = 0";
constexpr char kMarkGoing[] = "UPDATE blobs SET going = 1 WHERE digest = ?1";

// Forgetting. Dropped links are kept under the aliases as well, because nothing tells afterwards
// that they meant the same bytes.
constexpr char kKeepAliasLinks[] =
    "INSERT OR REPLACE INTO repository_blobs (digest, repository, linked_at, dropped, gone_at)"
    " SELECT a.alias, l.repository, l.linked_at, 1, ?2"
    "   FROM blob_aliases a JOIN repository_blobs l ON l.digest = a.digest"
    "  WHERE a.digest = ?1";
constexpr char kDropLinks[] =
    "UPDATE repository_blobs SET dropped = 1, gone_at = ?2 WHERE digest = ?1 AND gone_at IS NULL";
constexpr char kDeleteAliases[] = "DELETE FROM blob_aliases WHERE digest = ?1";
constexpr char kDelete[] = "DELETE FROM blobs WHERE digest = ?1";

Failure unknown(const Digest& digest) {
  return fail(ErrorCode::NotFound, "no blob {}", digest.to_string());
}

// `digest` is the blob's own, the query says whether it is there and its size.
Result<Blob> blob_of(Result<Query> found, const Digest& digest) {
  TRY_ASSIGN(Query query, std::move(found));
  TRY_ASSIGN(const bool any, query.next());
  if (!any) return unknown(digest);
  return Blob{digest, query.size(0)};
}

}  // namespace

Result<Blob> blob_row(const Query& query) {
  TRY_ASSIGN(const Digest digest, query.digest(0));
  return Blob{digest, query.size(1)};
}

Result<Digest> resolve(Database& database, const Digest& digest) {
  if (digest.algorithm() == oci::HashAlgorithm::Sha256) return digest;
  TRY_ASSIGN(Query query, database.query(kResolve, digest));
  TRY_ASSIGN(const bool found, query.next());
  if (!found) return unknown(digest);
  return query.digest(0);
}

Result<Digest> resolve_or_keep(Database& database, const Digest& digest) {
  TRY_ASSIGN(const auto resolved, if_there(resolve(database, digest)));
  return resolved.value_or(digest);
}

Bytes keys_of(const std::vector<Digest>& digests) {
  Bytes keys;
  for (const Digest& digest : digests) keys += digest.key();
  return keys;
}

Result<Blob> BlobRows::find(const RepositoryName& name, const Digest& digest) const {
  TRY_ASSIGN(const Digest stored, resolve(database_, digest));
  return blob_of(database_.query(kFindByName, name, stored), stored);
}

Result<Blob> BlobRows::find(RepositoryId repository, const Digest& digest) const {
  TRY_ASSIGN(const Digest stored, resolve(database_, digest));
  return blob_of(database_.query(kFindById, repository, stored), stored);
}

Result<Blob> BlobRows::find_anywhere(const Digest& digest) const {
  TRY_ASSIGN(const Digest stored, resolve(database_, digest));
  return blob_of(database_.query(kFindAnywhere, stored), stored);
}

Result<std::vector<Blob>> BlobRows::list(const std::optional<Digest>& after,
                                         std::size_t limit) const {
  const Bytes after_key = after ? after->key() : Bytes();
  return rows<Blob>(database_.query(kList, Octets{after_key}, to_sql_limit(limit)), &blob_row);
}

Result<std::vector<RepositoryId>> BlobRows::holders(const Digest& digest, std::size_t limit) const {
  TRY_ASSIGN(const Digest stored, resolve_or_keep(database_, digest));
  return rows<RepositoryId>(
      database_.query(kHolders, stored, to_sql_limit(limit)),
      [](const Query& row) -> Result<RepositoryId> { return RepositoryId{row.integer(0)}; });
}

Result<WallTime> BlobRows::linked_at(RepositoryId repository, const Digest& digest) const {
  TRY_ASSIGN(const Digest stored, resolve(database_, digest));
  TRY_ASSIGN(Query query, database_.query(kLinkedAt, repository, stored));
  TRY_ASSIGN(const bool found, query.next());
  if (!found) return unknown(digest);
  return query.time(0);
}

Result<bool> BlobRows::was_linked(RepositoryId repository, const Digest& digest) const {
  TRY_ASSIGN(const Digest stored, resolve_or_keep(database_, digest));
  return database_.exists(kWasLinked, repository, stored);
}

Result<void> BlobRows::record(const Blob& blob, const std::optional<Digest>& alias, WallTime now) {
  if (blob.digest.algorithm() != oci::HashAlgorithm::Sha256) {
    return fail(ErrorCode::InvalidArgument, "blobs are kept by their sha256, not as {}",
                blob.digest.to_string());
  }
  TRY(database_.run(kRecord, blob.digest, blob.size_bytes, now));
  news_.tell_of_blob(blob.digest);
  if (!alias || *alias == blob.digest) return {};
  if (alias->algorithm() == oci::HashAlgorithm::Sha256) {
    return fail(ErrorCode::InvalidArgument, "{} cannot stand for {}", alias->to_string(),
                blob.digest.to_string());
  }
  TRY(database_.run(kRecordAlias, *alias, blob.digest));
  return {};
}

Result<void> BlobRows::link(RepositoryId repository, const Digest& digest, WallTime at) {
  TRY_ASSIGN(const Blob blob, find_anywhere(digest));
  TRY_ASSIGN(const std::int64_t again, database_.run(kLinkAgain, repository, blob.digest, at));
  if (again == 0) TRY(database_.run(kLink, repository, blob.digest, at));
  return {};
}

Result<void> BlobRows::unlink(RepositoryId repository, const Digest& digest) {
  TRY_ASSIGN(const Digest stored, resolve(database_, digest));
  TRY_ASSIGN(const std::int64_t dropped, database_.run(kUnlink, repository, stored));
  if (dropped == 0) return unknown(digest);
  news_.tell_of_blob(stored);
  return note_loss(database_);
}

Result<void> BlobRows::mark_going(const Digest& digest) {
  TRY_ASSIGN(const Digest stored, resolve(database_, digest));
  TRY_ASSIGN(const std::int64_t marked, database_.run(kMarkGoing, stored));
  if (marked == 0) return unknown(digest);
  news_.tell_of_blob(stored);
  return note_loss(database_);
}

Result<void> BlobRows::forget(const Digest& digest, WallTime now) {
  TRY_ASSIGN(const Digest stored, resolve_or_keep(database_, digest));
  TRY(database_.run(kKeepAliasLinks, stored, now));
  TRY(database_.run(kDropLinks, stored, now));
  TRY(database_.run(kDeleteAliases, stored));
  TRY(database_.run(kDelete, stored));
  news_.tell_of_blob(stored);
  return note_loss(database_);
}

}  // namespace entrepot::meta::sqlite
