#include "meta/sqlite/internal/nouns.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr char kFind[] =
    "SELECT id, kind, arguments, state, progress, created_at, finished_at, attempts, owner,"
    " cancel_wished FROM jobs WHERE id = ?1";
constexpr char kRecent[] =
    "SELECT id, kind, arguments, state, progress, created_at, finished_at, attempts, owner,"
    " cancel_wished FROM jobs WHERE kind = ?1 ORDER BY id DESC LIMIT ?2";
constexpr char kNext[] =
    "SELECT id, due_at FROM jobs WHERE kind = ?1 AND finished_at IS NULL ORDER BY due_at, id"
    " LIMIT 1";
constexpr char kEnqueue[] =
    "INSERT INTO jobs (kind, state, arguments, progress, created_at)"
    " VALUES (?1, 'queued', ?2, x'', ?3)";
constexpr char kClaim[] =
    "UPDATE jobs SET state = 'running', owner = ?2, due_at = 0, attempts = attempts + 1"
    " WHERE id = ?1";
constexpr char kProgress[] =
    "UPDATE jobs SET progress = ?3 WHERE id = ?1 AND owner = ?2 AND state = 'running'"
    " RETURNING cancel_wished";
constexpr char kPutBack[] =
    "UPDATE jobs SET state = 'queued', owner = '', progress = ?3, due_at = ?4,"
    " attempts = attempts - ?5 WHERE id = ?1 AND owner = ?2 AND state = 'running'";
constexpr char kFinish[] =
    "UPDATE jobs SET state = ?3, progress = ?4, finished_at = ?5"
    " WHERE id = ?1 AND owner = ?2 AND state = 'running'";
constexpr char kCancel[] =
    "UPDATE jobs SET cancel_wished = 1, state = iif(state = 'queued', 'cancelled', state),"
    " finished_at = iif(state = 'queued', ?2, NULL) WHERE id = ?1 AND finished_at IS NULL";
constexpr char kLease[] =
    "INSERT INTO leases (name, holder, expires_at) VALUES (?1, ?2, ?4)"
    " ON CONFLICT (name) DO UPDATE SET holder = excluded.holder, expires_at = excluded.expires_at"
    " WHERE holder = excluded.holder OR expires_at <= ?3 OR expires_at > ?5";
constexpr char kRelease[] = "DELETE FROM leases WHERE name = ?1 AND holder = ?2";

Failure unknown(std::int64_t id) { return fail(ErrorCode::NotFound, "no job {}", id); }

Result<Job> job_of(const Query& row) {
  Job job{.id = row.integer(0),
          .kind = std::string(row.text(1)),
          .arguments = Bytes(row.blob(2)),
          .state = std::string(row.text(3)),
          .progress = Bytes(row.blob(4)),
          .created_at = row.time(5),
          .finished_at = std::nullopt,
          .attempts = row.integer(7),
          .owner = std::string(row.text(8)),
          .cancel_wished = row.integer(9) != 0};
  if (!row.is_null(6)) job.finished_at = row.time(6);
  return job;
}

std::string_view state_of(JobEnd end) {
  switch (end) {
    case JobEnd::Done:
      return "done";
    case JobEnd::Failed:
      return "failed";
    case JobEnd::Cancelled:
      return "cancelled";
  }
  return "failed";
}

// Times of 0 are always past. What lies further ahead than anything waits was told by a process
// whose clock was wrong.
bool has_come(WallTime time, WallTime now) {
  return time <= now || time > now + Jobs::kLongestWait;
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

Result<std::optional<std::int64_t>> JobRows::next(std::string_view kind) const {
  TRY_ASSIGN(Query query, database_.query(kNext, kind));
  TRY_ASSIGN(const bool found, query.next());
  if (!found || !has_come(query.time(1), database_.clock().wall())) return std::nullopt;
  return query.integer(0);
}

Result<bool> JobRows::waits(std::string_view kind) const {
  TRY_ASSIGN(const auto id, next(kind));
  return id.has_value();
}

Result<Job> JobRows::enqueue(std::string_view kind, ByteView arguments, WallTime now) {
  TRY(database_.run(kEnqueue, kind, Octets{arguments}, now));
  return find(database_.last_inserted_id());
}

Result<Job> JobRows::claim(std::string_view kind, std::string_view owner) {
  TRY_ASSIGN(const auto id, next(kind));
  if (!id) return fail(ErrorCode::NotFound, "no job of the kind {} waits", kind);
  TRY(database_.run(kClaim, *id, owner));
  return find(*id);
}

Failure JobRows::not_owned(std::int64_t id) const {
  const auto found = find(id);
  if (!found) return Failure(found.error());
  return fail(ErrorCode::Conflict, "job {} is {}, and not ours", id, found->state);
}

Result<bool> JobRows::progress(std::int64_t id, std::string_view owner, ByteView progress) {
  {
    TRY_ASSIGN(Query query, database_.query(kProgress, id, owner, Octets{progress}));
    TRY_ASSIGN(const bool changed, query.next());
    if (changed) return query.integer(0) != 0;
  }
  return not_owned(id);
}

Result<void> JobRows::put_back(std::int64_t id, std::string_view owner, const PutBack& how) {
  WallTime due_at{};
  if (how.after.count() > 0) due_at = database_.clock().wall() + how.after;
  TRY_ASSIGN(const std::int64_t changed,
             database_.run(kPutBack, id, owner, Octets{how.progress}, due_at, how.counts ? 0 : 1));
  if (changed == 0) return not_owned(id);
  return {};
}

Result<void> JobRows::finish(std::int64_t id, std::string_view owner, JobEnd end, ByteView progress,
                             WallTime now) {
  TRY_ASSIGN(const std::int64_t changed,
             database_.run(kFinish, id, owner, state_of(end), Octets{progress}, now));
  if (changed == 0) return not_owned(id);
  return {};
}

Result<void> JobRows::cancel(std::int64_t id, WallTime now) {
  TRY_ASSIGN(const std::int64_t changed, database_.run(kCancel, id, now));
  if (changed == 0) TRY(find(id));
  return {};
}

Result<void> JobRows::lease(std::string_view name, std::string_view holder,
                            std::chrono::milliseconds duration) {
  const WallTime now = database_.clock().wall();
  TRY_ASSIGN(const std::int64_t taken,
             database_.run(kLease, name, holder, now, now + duration, now + kLongestWait));
  if (taken == 0) return fail(ErrorCode::Conflict, "another holds the lease {}", name);
  return {};
}

Result<void> JobRows::release(std::string_view name, std::string_view holder) {
  TRY(database_.run(kRelease, name, holder));
  return {};
}

}  // namespace entrepot::meta::sqlite
