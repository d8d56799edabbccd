#include "meta/sqlite/internal/nouns.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr char kAny[] =
    "SELECT 1 FROM blobs INDEXED BY blobs_damaged WHERE damaged_at IS NOT NULL AND digest > x''"
    " UNION ALL"
    " SELECT 1 FROM manifests INDEXED BY manifests_damaged WHERE damaged_at > 0"
    " LIMIT 1";
// A blob counts where the repository has it: what it never had, it does not miss.
constexpr char kTouches[] =
    "WITH RECURSIVE named (id) AS ("
    "  SELECT ?1"
    "  UNION"
    "  SELECT m.id FROM named n"
    "    JOIN manifest_references c ON c.manifest = n.id AND c.kind = 3"
    "    JOIN manifests m ON m.repository = c.repository AND m.digest = c.digest"
    "   WHERE m.deleted_at IS NULL)"
    " SELECT 1 FROM named n JOIN manifests m ON m.id = n.id AND m.damaged_at IS NOT NULL"
    " UNION ALL"
    " SELECT 1 FROM named n"
    "   JOIN manifest_references c ON c.manifest = n.id"
    "   LEFT JOIN blob_aliases a ON a.alias = c.digest"
    "   JOIN blobs b ON b.digest = coalesce(a.digest, c.digest) AND b.damaged_at IS NOT NULL"
    "   JOIN repository_blobs l ON l.digest = b.digest AND l.repository = c.repository"
    "    AND l.dropped = 0"
    " LIMIT 1";

constexpr char kBlobs[] =
    "SELECT digest, size_bytes FROM blobs INDEXED BY blobs_damaged"
    " WHERE damaged_at IS NOT NULL AND digest > ?1"
    " ORDER BY digest LIMIT ?2";
constexpr char kManifests[] =
    "SELECT id, repository, digest, media_type, size_bytes, pushed_at FROM manifests"
    " INDEXED BY manifests_damaged WHERE damaged_at > 0 AND deleted_at IS NULL ORDER BY "
    "damaged_at, id LIMIT ?1";

constexpr char kBlobState[] =
    "SELECT damaged_at IS NOT NULL FROM blobs"
    " WHERE digest = ?1 AND going = 0";
constexpr char kMarkBlob[] = "UPDATE blobs SET damaged_at = ?2 WHERE digest = ?1";
constexpr char kClearBlob[] =
    "UPDATE blobs SET damaged_at = NULL WHERE digest = ?1 AND damaged_at IS NOT NULL";
constexpr char kManifestState[] =
    "SELECT id, damaged_at IS NOT NULL FROM manifests"
    " WHERE repository = ?1 AND digest = ?2 AND deleted_at IS NULL";
constexpr char kMarkManifest[] = "UPDATE manifests SET damaged_at = ?2 WHERE id = ?1";
constexpr char kAgrees[] =
    "SELECT m.media_type = ?2 AND m.size_bytes = ?3 AND m.subject IS ?4 AND m.artifact_type = ?5"
    "       AND m.annotations = ?6 AND p.bytes IS ?7"
    "  FROM manifests m LEFT JOIN manifest_payloads p ON p.manifest = m.id WHERE m.id = ?1";

struct State {
  std::int64_t id = 0;
  bool damaged = false;
};

Result<State> state_of(Database& database, RepositoryId repository, const Digest& digest) {
  TRY_ASSIGN(Query query, database.query(kManifestState, repository, digest));
  TRY_ASSIGN(const bool found, query.next());
  if (!found) return fail(ErrorCode::NotFound, "no manifest {}", digest.to_string());
  return State{query.integer(0), query.integer(1) != 0};
}

}  // namespace

Result<bool> DamageRows::touches(const Manifest& manifest) const {
  TRY_ASSIGN(const bool any, database_.exists(kAny));
  if (!any) return false;
  return database_.exists(kTouches, manifest.id);
}

Result<std::vector<Blob>> DamageRows::blobs(const std::optional<Digest>& after,
                                            std::size_t limit) const {
  const Bytes after_key = after ? after->key() : Bytes();
  return rows<Blob>(database_.query(kBlobs, Octets{after_key}, to_sql_limit(limit)), &blob_row);
}

Result<std::vector<Manifest>> DamageRows::manifests(std::size_t limit) const {
  return rows<Manifest>(database_.query(kManifests, to_sql_limit(limit)), &manifest_of);
}

Result<bool> DamageRows::mark_blob(const Digest& digest, WallTime at) {
  TRY_ASSIGN(const Digest stored, resolve(database_, digest));
  bool marked = false;
  {
    TRY_ASSIGN(Query query, database_.query(kBlobState, stored));
    TRY_ASSIGN(const bool found, query.next());
    if (!found) return fail(ErrorCode::NotFound, "no blob {}", digest.to_string());
    marked = query.integer(0) != 0;
  }
  if (marked) return false;
  TRY(database_.run(kMarkBlob, stored, at));
  news_.tell_of_blob(stored);
  news_.manifests = true;
  TRY(note_loss(database_));
  return true;
}

Result<bool> DamageRows::mark_manifest(RepositoryId repository, const Digest& digest, WallTime at) {
  TRY_ASSIGN(const State state, state_of(database_, repository, digest));
  if (state.damaged) return false;
  TRY(database_.run(kMarkManifest, state.id, at));
  news_.manifests = true;
  TRY(note_loss(database_));
  return true;
}

Result<void> DamageRows::clear_blob(const Digest& digest) {
  TRY_ASSIGN(const Digest stored, resolve_or_keep(database_, digest));
  TRY(database_.run(kClearBlob, stored));
  news_.tell_of_blob(stored);
  return {};
}

Result<bool> DamageRows::agrees(const NewManifest& manifest) const {
  TRY_ASSIGN(const State state, state_of(database_, manifest.repository, manifest.digest));
  {
    TRY_ASSIGN(Query query,
               database_.query(kAgrees, state.id, manifest.media_type, manifest.bytes.size(),
                               manifest.subject, manifest.artifact_type,
                               Octets{manifest.annotations_json}, Octets{manifest.bytes}));
    TRY_ASSIGN(const bool found, query.next());
    if (!found || query.integer(0) == 0) return false;
  }
  return has_references(database_, state.id, manifest);
}

Result<void> DamageRows::rewrite(const NewManifest& manifest) {
  TRY_ASSIGN(const State state, state_of(database_, manifest.repository, manifest.digest));
  news_.manifests = true;
  return write_contents(database_, state.id, manifest);
}

}  // namespace entrepot::meta::sqlite
