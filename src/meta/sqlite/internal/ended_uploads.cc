#include "meta/sqlite/internal/nouns.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr char kFind[] =
    "SELECT ended_at, digest FROM ended_uploads WHERE started_at = ?1 AND id = ?2";
constexpr char kYoungest[] = "SELECT max(started_at) FROM ended_uploads";
constexpr char kAdd[] =
    "INSERT OR IGNORE INTO ended_uploads (started_at, id, ended_at, digest)"
    " VALUES (?1, ?2, ?3, ?4)";
// Those that began long ago and ended just now are few: sessions have a greatest age, and a limit.
constexpr char kPurge[] =
    "DELETE FROM ended_uploads WHERE (started_at, id) IN"
    " (SELECT started_at, id FROM ended_uploads WHERE started_at < ?1 AND ended_at < ?1"
    "   ORDER BY started_at, id LIMIT ?2)";

}  // namespace

Result<EndedUpload> EndedUploadRows::find(std::string_view id, WallTime started_at) const {
  TRY_ASSIGN(Query query, database_.query(kFind, started_at, id));
  TRY_ASSIGN(const bool found, query.next());
  if (!found) return fail(ErrorCode::NotFound, "upload {} is not known to have ended", id);
  EndedUpload upload{std::string(id), started_at, query.time(0), std::nullopt};
  if (!query.is_null(1)) {
    TRY_ASSIGN(upload.digest, query.digest(1));
  }
  return upload;
}

Result<WallTime> EndedUploadRows::youngest() const {
  TRY_ASSIGN(Query query, database_.query(kYoungest));
  TRY(query.next());
  if (query.is_null(0)) return fail(ErrorCode::NotFound, "no upload is known to have ended");
  return query.time(0);
}

Result<void> EndedUploadRows::add(const EndedUpload& upload) {
  TRY(database_.run(kAdd, upload.started_at, std::string_view(upload.id), upload.ended_at,
                    upload.digest));
  return {};
}

Result<std::size_t> EndedUploadRows::purge(WallTime before, std::size_t limit) {
  TRY_ASSIGN(const std::int64_t purged, database_.run(kPurge, before, to_sql_limit(limit)));
  return static_cast<std::size_t>(purged);
}

}  // namespace entrepot::meta::sqlite
