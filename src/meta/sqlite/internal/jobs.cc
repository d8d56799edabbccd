#include "meta/sqlite/internal/nouns.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr char kFind[] =
    "SELECT id, kind, arguments, state, progress, created_at, finished_at FROM jobs WHERE id = ?1";
constexpr char kRecent[] =
    "SELECT id, kind, arguments, state, progress, created_at, finished_at FROM jobs"
    " WHERE kind = ?1 ORDER BY id DESC LIMIT ?2";
constexpr char kEnqueue[] =
    "INSERT INTO jobs (kind, state, arguments, progress, created_at)"
    " VALUES (?1, 'queued', ?2, x'', ?3)";
constexpr char kOldestQueued[] =
    "SELECT id FROM jobs WHERE kind = ?1 AND state = 'queued' ORDER BY id LIMIT 1";
constexpr char kClaim[] = "UPDATE jobs SET state = 'running', claimed_at = ?2 WHERE id = ?1";
constexpr char kProgress[] = "UPDATE jobs SET progress = ?2 WHERE id = ?1";
constexpr char kFinish[] =
    "UPDATE jobs SET state = ?2, progress = ?3, finished_at = ?4 WHERE id = ?1";
constexpr char kLease[] =
    "INSERT INTO leases (name, holder, expires_at) VALUES (?1, ?2, ?4)"
    " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at"
    " WHERE holder = excluded.holder OR expires_at <= ?3";
constexpr char kRelease[] = "DELETE FROM leases WHERE name = ?1 AND holder = ?2";

Failure unknown(std::int64_t id) { return fail(ErrorCode::NotFound, "no job {}", id); }

Result<Job> job_of(const Query& row) {
  Job job{.id = row.integer(0),
          .kind = std::string(row.text(1)),
          .arguments = Bytes(row.blob(2)),
          .state = std::string(row.text(3)),
          .progress = Bytes(row.blob(4)),
          .created_at = row.time(5),
          .finished_at = std::nullopt};
  if (!row.is_null(6)) job.finished_at = row.time(6);
  return job;
}

}  // namespace

Result<Job> JobRows::find(std::int64_t id) const {
  TRY_ASSIGN(Query query, database_.query(kFind, id));
  TRY_ASSIGN(const bool found, query.next());
  if (!found) return unknown(id);
  return job_of(query);
}

Result<std::vector<Job>> JobRows::recent(std::string_view kind, std::size_t limit) const {
  return rows<Job>(database_.query(kRecent, kind, to_sql_limit(limit)), &job_of);
}

Result<Job> JobRows::enqueue(std::string_view kind, ByteView arguments, WallTime now) {
  TRY(database_.run(kEnqueue, kind, Octets{arguments}, now));
  return find(database_.last_inserted_id());
}

Result<Job> JobRows::claim(std::string_view kind, WallTime now) {
  std::int64_t id = 0;
  {
    TRY_ASSIGN(Query query, database_.query(kOldestQueued, kind));
    TRY_ASSIGN(const bool found, query.next());
    if (!found) return fail(ErrorCode::NotFound, "no job of the kind {} waits", kind);
    id = query.integer(0);
  }
  TRY(database_.run(kClaim, id, now));
  return find(id);
}

Result<void> JobRows::progress(std::int64_t id, ByteView progress) {
  TRY_ASSIGN(const std::int64_t changed, database_.run(kProgress, id, Octets{progress}));
  if (changed == 0) return unknown(id);
  return {};
}

Result<void> JobRows::finish(std::int64_t id, bool ok, ByteView progress, WallTime now) {
  const std::string_view state = ok ? "done" : "failed";
  TRY_ASSIGN(const std::int64_t changed, database_.run(kFinish, id, state, Octets{progress}, now));
  if (changed == 0) return unknown(id);
  return {};
}

Result<void> JobRows::lease(std::string_view name, std::string_view holder, WallTime now,
                            WallTime until) {
  TRY_ASSIGN(const std::int64_t taken, database_.run(kLease, name, holder, now, until));
  if (taken == 0) return fail(ErrorCode::Conflict, "another holds the lease {}", name);
  return {};
}

Result<void> JobRows::release(std::string_view name, std::string_view holder) {
  TRY(database_.run(kRelease, name, holder));
  return {};
}

}  // namespace entrepot::meta::sqlite
