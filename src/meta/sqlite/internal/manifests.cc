#include <algorithm>
#include <set>
#include <tuple>

#include "meta/sqlite/internal/nouns.h"

namespace entrepot::meta::sqlite {
namespace {

// Reading. A hidden row (deleted_at) is not there, and a damaged one is not found.

// The payload is read only where it is wanted: CASE evaluates one branch.
constexpr char kFindByTag[] =
    "SELECT m.id, m.repository, m.digest, m.media_type, m.size_bytes, m.pushed_at,"
    "       CASE WHEN m.size_bytes <= ?3 THEN p.bytes END"
    "  FROM repositories r"
    "  JOIN tags t ON t.repository = r.id AND t.name = ?2"
    "  JOIN manifests m ON m.id = t.manifest"
    "  JOIN manifest_payloads p ON p.manifest = m.id"
    " WHERE r.name = ?1 AND m.deleted_at IS NULL AND m.damaged_at IS NULL";
constexpr char kFindByDigest[] =
    "SELECT m.id, m.repository, m.digest, m.media_type, m.size_bytes, m.pushed_at,"
    "       CASE WHEN m.size_bytes <= ?3 THEN p.bytes END"
    "  FROM repositories r"
    "  JOIN manifests m ON m.repository = r.id AND m.digest = ?2"
    "  JOIN manifest_payloads p ON p.manifest = m.id"
    " WHERE r.name = ?1 AND m.deleted_at IS NULL AND m.damaged_at IS NULL";
constexpr char kFindRow[] =
    "SELECT id, repository, digest, media_type, size_bytes, pushed_at FROM manifests"
    " WHERE repository = ?1 AND digest = ?2 AND deleted_at IS NULL AND damaged_at IS NULL";
constexpr char kList[] =
    "SELECT id, repository, digest, media_type, size_bytes, pushed_at FROM manifests"
    " WHERE repository = ?1 AND digest > ?2 AND deleted_at IS NULL AND damaged_at IS NULL"
    " ORDER BY digest LIMIT ?3";
constexpr char kReferrers[] =
    "SELECT m.digest, m.media_type, m.size_bytes, m.artifact_type, length(m.annotations), m.id"
    "  FROM repositories r"
    "  JOIN manifests m ON m.repository = r.id"
    " WHERE r.name = ?1 AND m.subject = ?2 AND m.digest > ?3 AND m.deleted_at IS NULL"
    "   AND m.damaged_at IS NULL"
    "   AND (?4 = '' OR m.artifact_type = ?4)"
    " ORDER BY m.digest";
// Apart: a row that is stepped to is read as a whole, and this may be megabytes.
constexpr char kAnnotations[] = "SELECT annotations FROM manifests WHERE id = ?1";
// The second part: what names the blob by another algorithm's digest.
constexpr char kUserOf[] =
    "SELECT m.digest FROM manifest_references n"
    "  JOIN manifests m ON m.id = n.manifest"
    " WHERE n.digest IN (SELECT ?2 UNION ALL SELECT alias FROM blob_aliases WHERE digest = ?2)"
    "   AND n.repository = ?1 AND n.live = 1"
    " LIMIT 1";
constexpr char kLive[] =
    "SELECT id FROM manifests WHERE repository = ?1 AND digest = ?2 AND deleted_at IS NULL";
constexpr char kReferences[] = "SELECT digest, kind FROM manifest_references WHERE manifest = ?1";
constexpr char kLiveReferences[] =
    "SELECT digest, kind FROM manifest_references WHERE manifest = ?1 AND live = 1";
constexpr char kWasDeleted[] =
    "SELECT 1 FROM manifests WHERE repository = ?1 AND digest = ?2"
    "   AND (deleted_at IS NOT NULL OR damaged_at IS NOT NULL)";

// The second part: what names the blob by another algorithm's digest.
constexpr char kUsedAnywhere[] =
    "SELECT 1 FROM manifest_references"
    " WHERE digest IN (SELECT ?1 UNION ALL SELECT alias FROM blob_aliases WHERE digest = ?1)"
    "   AND live = 1"
    " LIMIT 1";

// Writing.

constexpr char kFindAny[] =
    "SELECT m.id, m.deleted_at IS NULL, m.damaged_at IS NULL AND p.bytes IS ?3"
    "  FROM manifests m LEFT JOIN manifest_payloads p ON p.manifest = m.id"
    " WHERE m.repository = ?1 AND m.digest = ?2";
constexpr char kInsert[] =
    "INSERT INTO manifests (repository, digest, media_type, size_bytes, pushed_at, pushed_by,"
    "                       subject, artifact_type, annotations)"
    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
constexpr char kWritePayload[] =
    "INSERT INTO manifest_payloads (manifest, bytes) VALUES (?1, ?2)"
    " ON CONFLICT (manifest) DO UPDATE SET bytes = excluded.bytes";
// A manifest may name the same digest the same way twice.
constexpr char kInsertReference[] =
    "INSERT OR IGNORE INTO manifest_references (manifest, digest, kind, repository, live)"
    " VALUES (?1, ?2, ?3, ?4, 1)";
constexpr char kTouch[] = "UPDATE manifests SET pushed_at = ?2 WHERE id = ?1";
constexpr char kRevive[] =
    "UPDATE manifests SET pushed_at = ?2, pushed_by = ?3, deleted_at = NULL, deleted_by = NULL"
    " WHERE id = ?1";
constexpr char kWriteColumns[] =
    "UPDATE manifests SET media_type = ?2, size_bytes = ?3, subject = ?4, artifact_type = ?5,"
    "       annotations = ?6, damaged_at = NULL"
    " WHERE id = ?1";
constexpr char kHide[] =
    "UPDATE manifests SET deleted_at = ?3, deleted_by = ?4"
    " WHERE repository = ?1 AND digest = ?2 AND deleted_at IS NULL RETURNING id";
constexpr char kHideReferences[] = "UPDATE manifest_references SET live = 0 WHERE manifest = ?1";

// Purging.

constexpr char kHidden[] =
    "SELECT id FROM manifests WHERE deleted_at < ?1 ORDER BY deleted_at LIMIT ?2";
constexpr char kItselfAndNamed[] =
    "SELECT digest FROM manifests WHERE id = ?1"
    " UNION SELECT digest FROM manifest_references WHERE manifest = ?1";
constexpr char kDeleteReferences[] = "DELETE FROM manifest_references WHERE manifest = ?1";
constexpr char kDeleteTags[] = "DELETE FROM tags WHERE manifest = ?1";
constexpr char kDeletePayload[] = "DELETE FROM manifest_payloads WHERE manifest = ?1";
constexpr char kDeletePulls[] = "DELETE FROM manifest_pulls WHERE manifest = ?1";
constexpr char kDelete[] = "DELETE FROM manifests WHERE id = ?1";

// What a row takes beside its annotations: a digest, two media types, a size, their JSON.
constexpr std::size_t kReferrerRowBytes = 512;

Result<Referrer> referrer_of(const Query& query) {
  TRY_ASSIGN(const Digest digest, query.digest(0));
  return Referrer{.digest = digest,
                  .media_type = std::string(query.text(1)),
                  .size_bytes = query.size(2),
                  .artifact_type = std::string(query.text(3)),
                  .annotations_json = {}};
}

Result<StoredManifest> stored(Result<Query> found, const RepositoryName& name,
                              const oci::Reference& reference) {
  TRY_ASSIGN(Query query, std::move(found));
  TRY_ASSIGN(const bool any, query.next());
  if (!any) {
    return fail(ErrorCode::NotFound, "no manifest {} in {}", oci::to_string(reference), name.str());
  }
  TRY_ASSIGN(Manifest manifest, manifest_of(query));
  return StoredManifest{std::move(manifest), Bytes(query.blob(6))};
}

Result<ManifestReference> reference_of(const Query& row) {
  TRY_ASSIGN(const Digest named, row.digest(0));
  return ManifestReference{named, static_cast<oci::ReferenceKind>(row.integer(1))};
}

Result<void> insert_references(Database& database, std::int64_t id, const NewManifest& manifest) {
  for (const ManifestReference& reference : manifest.references) {
    TRY(database.run(kInsertReference, id, reference.digest, static_cast<int>(reference.kind),
                     manifest.repository));
  }
  return {};
}

}  // namespace

Result<Manifest> manifest_of(const Query& query) {
  TRY_ASSIGN(const Digest digest, query.digest(2));
  return Manifest{.id = query.integer(0),
                  .repository = RepositoryId{query.integer(1)},
                  .digest = digest,
                  .media_type = std::string(query.text(3)),
                  .size_bytes = query.size(4),
                  .pushed_at = query.time(5)};
}

Result<void> write_contents(Database& database, std::int64_t id, const NewManifest& manifest) {
  TRY(database.run(kWriteColumns, id, manifest.media_type, manifest.bytes.size(), manifest.subject,
                   manifest.artifact_type, Octets{manifest.annotations_json}));
  TRY(database.run(kWritePayload, id, Octets{manifest.bytes}));
  TRY(database.run(kDeleteReferences, id));
  return insert_references(database, id, manifest);
}

Result<bool> has_references(Database& database, std::int64_t id, const NewManifest& manifest) {
  TRY_ASSIGN(auto kept, rows<ManifestReference>(database.query(kLiveReferences, id), reference_of));
  const auto before = [](const ManifestReference& a, const ManifestReference& b) {
    return std::tie(a.digest, a.kind) < std::tie(b.digest, b.kind);
  };
  std::set<ManifestReference, decltype(before)> named(manifest.references.begin(),
                                                      manifest.references.end(), before);
  if (kept.size() != named.size()) return false;
  return std::all_of(kept.begin(), kept.end(),
                     [&](const ManifestReference& reference) { return named.contains(reference); });
}

Result<StoredManifest> ManifestRows::find(const RepositoryName& name,
                                          const oci::Reference& reference,
                                          std::uint64_t most_bytes) const {
  if (const auto* tag = std::get_if<Tag>(&reference)) {
    return stored(database_.query(kFindByTag, name, *tag, most_bytes), name, reference);
  }
  return stored(database_.query(kFindByDigest, name, std::get<Digest>(reference), most_bytes), name,
                reference);
}

Result<Manifest> ManifestRows::find(RepositoryId repository, const Digest& digest) const {
  TRY_ASSIGN(Query query, database_.query(kFindRow, repository, digest));
  TRY_ASSIGN(const bool found, query.next());
  if (!found) return fail(ErrorCode::NotFound, "no manifest {}", digest.to_string());
  return manifest_of(query);
}

Result<std::vector<Manifest>> ManifestRows::list(RepositoryId repository,
                                                 const std::optional<Digest>& after,
                                                 std::size_t limit) const {
  const Bytes after_key = after ? after->key() : Bytes();
  return rows<Manifest>(database_.query(kList, repository, Octets{after_key}, to_sql_limit(limit)),
                        &manifest_of);
}

Result<ReferrerRows> ManifestRows::referrers(const ReferrerQuery& what) const {
  const Bytes after_key = what.after ? what.after->key() : Bytes();
  const std::string_view artifact_type = what.artifact_type;
  TRY_ASSIGN(Query query, database_.query(kReferrers, what.repository, what.subject,
                                          Octets{after_key}, artifact_type));
  ReferrerRows page;
  std::size_t bytes = 0;
  for (;;) {
    TRY_ASSIGN(page.more, query.next());
    if (!page.more || page.rows.size() >= what.limit) return page;
    const std::size_t annotation_bytes = query.size(4);
    bytes += annotation_bytes + kReferrerRowBytes;
    if (bytes > what.limit_bytes && !page.rows.empty()) return page;
    TRY_ASSIGN(Referrer row, referrer_of(query));
    if (annotation_bytes > 0) {
      TRY_ASSIGN(Query annotations, database_.query(kAnnotations, query.integer(5)));
      TRY(annotations.next());
      row.annotations_json = Bytes(annotations.blob(0));
    }
    page.rows.push_back(std::move(row));
  }
}

Result<Digest> ManifestRows::user_of(RepositoryId repository, const Digest& digest) const {
  TRY_ASSIGN(const Digest named, resolve_or_keep(database_, digest));
  TRY_ASSIGN(Query query, database_.query(kUserOf, repository, named));
  TRY_ASSIGN(const bool found, query.next());
  if (!found) return fail(ErrorCode::NotFound, "no manifest names {}", digest.to_string());
  return query.digest(0);
}

Result<bool> ManifestRows::used_anywhere(const Digest& digest) const {
  TRY_ASSIGN(const Digest stored, resolve_or_keep(database_, digest));
  return database_.exists(kUsedAnywhere, stored);
}

Result<std::vector<ManifestReference>> ManifestRows::references(RepositoryId repository,
                                                                const Digest& digest) const {
  std::int64_t id = 0;
  {
    TRY_ASSIGN(Query query, database_.query(kLive, repository, digest));
    TRY_ASSIGN(const bool found, query.next());
    if (!found) return fail(ErrorCode::NotFound, "no manifest {}", digest.to_string());
    id = query.integer(0);
  }
  return rows<ManifestReference>(database_.query(kReferences, id), reference_of);
}

Result<bool> ManifestRows::was_deleted(RepositoryId repository, const Digest& digest) const {
  return database_.exists(kWasDeleted, repository, digest);
}

// Bytes of the same digest are the same, but what was read from them may have changed with the
// content type that they were sent as, and what is at rest may have been damaged.
Result<Manifest> ManifestRows::put(const NewManifest& manifest) {
  std::int64_t id = 0;
  bool live = false;
  bool same = false;
  {
    TRY_ASSIGN(Query query, database_.query(kFindAny, manifest.repository, manifest.digest,
                                            Octets{manifest.bytes}));
    TRY_ASSIGN(const bool known, query.next());
    if (known) {
      id = query.integer(0);
      live = query.integer(1) != 0;
      same = live && query.integer(2) != 0;
    }
  }
  if (same) {
    TRY_ASSIGN(same, has_references(database_, id, manifest));
  }
  if (same) {
    TRY(database_.run(kTouch, id, manifest.pushed_at));
    return find(manifest.repository, manifest.digest);
  }
  if (id == 0) {
    TRY_ASSIGN(id, insert(manifest));
  } else {
    TRY(database_.run(kRevive, id, manifest.pushed_at, manifest.pushed_by));
    TRY(write_contents(database_, id, manifest));
    if (live) news_.manifests = true;
  }
  return Manifest{.id = id,
                  .repository = manifest.repository,
                  .digest = manifest.digest,
                  .media_type = manifest.media_type,
                  .size_bytes = manifest.bytes.size(),
                  .pushed_at = manifest.pushed_at};
}

Result<std::int64_t> ManifestRows::insert(const NewManifest& manifest) {
  TRY(database_.run(kInsert, manifest.repository, manifest.digest, manifest.media_type,
                    manifest.bytes.size(), manifest.pushed_at, manifest.pushed_by, manifest.subject,
                    manifest.artifact_type, Octets{manifest.annotations_json}));
  const std::int64_t id = database_.last_inserted_id();
  TRY(database_.run(kWritePayload, id, Octets{manifest.bytes}));
  TRY(insert_references(database_, id, manifest));
  return id;
}

Result<void> ManifestRows::remove(RepositoryId repository, const Digest& digest, WallTime at,
                                  std::string_view by) {
  std::int64_t id = 0;
  {
    TRY_ASSIGN(Query query, database_.query(kHide, repository, digest, at, by));
    TRY_ASSIGN(const bool found, query.next());
    if (!found) return fail(ErrorCode::NotFound, "no manifest {}", digest.to_string());
    id = query.integer(0);
    TRY(query.next());
  }
  TRY(database_.run(kHideReferences, id));
  return note_loss(database_);
}

Result<std::vector<Digest>> ManifestRows::purge_removed(WallTime before, std::size_t limit) {
  TRY_ASSIGN(
      const auto hidden,
      rows<std::int64_t>(database_.query(kHidden, before, to_sql_limit(limit)),
                         [](const Query& row) -> Result<std::int64_t> { return row.integer(0); }));
  std::set<Digest> unused;
  for (const std::int64_t id : hidden) {
    TRY_ASSIGN(const auto digests, rows<Digest>(database_.query(kItselfAndNamed, id),
                                                [](const Query& row) { return row.digest(0); }));
    unused.insert(digests.begin(), digests.end());
    TRY(purge(id));
    if (unused.size() >= kLargestPurge) break;
  }
  return std::vector<Digest>(unused.begin(), unused.end());
}

Result<void> ManifestRows::purge(std::int64_t id) {
  TRY(database_.run(kDeleteReferences, id));
  TRY(database_.run(kDeleteTags, id));  // none, unless a caller left them
  TRY(database_.run(kDeletePayload, id));
  TRY(database_.run(kDeletePulls, id));
  TRY(database_.run(kDelete, id));
  return {};
}

}  // namespace entrepot::meta::sqlite
