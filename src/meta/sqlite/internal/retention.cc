#include <algorithm>
#include <utility>

#include "meta/sqlite/internal/nouns.h"

namespace entrepot::meta::sqlite {
namespace {

// The journal. Of a tag, the newest kMovesKept entries stay.

constexpr char kOldEntries[] =
    "SELECT j.sequence, j.at, j.tag IS NULL OR EXISTS ("
    "         SELECT 1 FROM journal n"
    "          WHERE n.repository = j.repository AND n.tag = j.tag AND n.sequence > j.sequence"
    "          LIMIT 1 OFFSET ?3)"
    "  FROM journal j WHERE j.sequence > ?1 ORDER BY j.sequence LIMIT ?2";
constexpr char kLastEntry[] = "SELECT max(sequence) FROM journal";
constexpr char kSlowestReader[] = "SELECT min(sequence) FROM journal_readers";
constexpr char kDropEntry[] = "DELETE FROM journal WHERE sequence = ?1";
// For Journal::read: the largest number that was dropped.
constexpr char kNoteDropped[] =
    "INSERT INTO settings (key, value) VALUES ('journal.dropped', CAST(?1 AS TEXT))"
    " ON CONFLICT (key) DO UPDATE SET value = excluded.value"
    "   WHERE CAST(excluded.value AS INTEGER) > CAST(value AS INTEGER)";

// Links and jobs.

constexpr char kForgetLinks[] =
    "DELETE FROM repository_blobs WHERE (digest, repository) IN"
    " (SELECT digest, repository FROM repository_blobs WHERE gone_at < ?1"
    "   ORDER BY gone_at LIMIT ?2)";
constexpr char kForgetJobs[] =
    "DELETE FROM jobs WHERE id IN"
    " (SELECT j.id FROM jobs j"
    "   WHERE j.finished_at < ?1"
    "     AND EXISTS (SELECT 1 FROM jobs n WHERE n.kind = j.kind AND n.id > j.id"
    "                  LIMIT 1 OFFSET ?3)"
    "   ORDER BY j.finished_at LIMIT ?2)";

// Repositories.

constexpr char kExpired[] =
    "SELECT id, gone FROM repositories WHERE expires_at <= ?1 ORDER BY expires_at LIMIT ?2";
constexpr char kHasLinks[] =
    "SELECT 1 FROM repository_blobs WHERE repository = ?1 AND dropped = 0 LIMIT 1";
constexpr char kIsNamed[] =
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM repository_blobs WHERE repository = ?1)"
    "            OR EXISTS (SELECT 1 FROM manifests WHERE repository = ?1)";
constexpr char kForgetItsLinks[] =
    "DELETE FROM repository_blobs WHERE (digest, repository) IN"
    " (SELECT digest, repository FROM repository_blobs WHERE repository = ?1 AND dropped = 1"
    "   LIMIT ?2)";
constexpr char kForgetDescription[] = "UPDATE repositories SET description = '' WHERE id = ?1";
constexpr char kForgetReadme[] = "DELETE FROM readmes WHERE repository = ?1";
constexpr char kForgetPulls[] = "DELETE FROM repository_pulls WHERE repository = ?1";
constexpr char kLookAgain[] = "UPDATE repositories SET expires_at = ?2, gone = ?3 WHERE id = ?1";
constexpr char kForgetRepository[] = "DELETE FROM repositories WHERE id = ?1";

constexpr std::int64_t kLinksAtOnce = 100;

// How much there is. Each reads an index, or a table of few columns, from end to end.

constexpr char kCountHolding[] = "SELECT count(*) FROM repositories WHERE expires_at IS NULL";
constexpr char kCountEmpty[] =
    "SELECT count(*) FROM repositories WHERE expires_at IS NOT NULL AND gone = 0";
constexpr char kCountLinks[] = "SELECT count(*) FROM repository_blobs WHERE gone_at IS NOT NULL";
constexpr char kCountEntries[] = "SELECT count(*) FROM journal";
constexpr char kCountJobs[] = "SELECT count(*) FROM jobs";
constexpr char kCountEndedUploads[] = "SELECT count(*) FROM ended_uploads";

Result<std::int64_t> number(Database& database, const char* sql, std::int64_t otherwise) {
  TRY_ASSIGN(Query query, database.query(sql));
  TRY(query.next());
  return query.is_null(0) ? otherwise : query.integer(0);
}

}  // namespace

Result<Retention::Counts> RetentionRows::counts() const {
  Counts counts;
  for (const auto& [sql, count] :
       {std::pair(kCountHolding, &counts.repositories),
        std::pair(kCountEmpty, &counts.empty_repositories),
        std::pair(kCountLinks, &counts.dropped_links),
        std::pair(kCountEntries, &counts.journal_entries), std::pair(kCountJobs, &counts.jobs),
        std::pair(kCountEndedUploads, &counts.ended_uploads)}) {
    TRY_ASSIGN(*count, number(database_, sql, 0));
  }
  return counts;
}

// The newest entry stays whatever it is: its number must not be given again.
Result<Retention::OldEntries> RetentionRows::old_entries(WallTime before, std::int64_t after,
                                                         std::size_t limit) const {
  TRY_ASSIGN(const std::int64_t last, number(database_, kLastEntry, 0));
  TRY_ASSIGN(const std::int64_t read_by_all, number(database_, kSlowestReader, last));
  const std::int64_t most = std::min(read_by_all, last - 1);
  OldEntries found;
  std::size_t seen = 0;
  bool any_old = false;
  TRY_ASSIGN(Query query,
             database_.query(kOldEntries, after, to_sql_limit(limit), Journal::kMovesKept - 1));
  for (;;) {
    TRY_ASSIGN(const bool more, query.next());
    if (!more) break;
    ++seen;
    const std::int64_t sequence = query.integer(0);
    found.next = sequence;
    if (sequence > most) {
      found.next.reset();
      return found;
    }
    if (query.time(1) >= before) continue;
    any_old = true;
    if (query.integer(2) != 0) found.sequences.push_back(sequence);
  }
  // Times follow the numbers, but for a clock that was put back.
  if (seen < limit || !any_old) found.next.reset();
  return found;
}

Result<void> RetentionRows::drop_entries(const std::vector<std::int64_t>& sequences) {
  if (sequences.empty()) return {};
  for (const std::int64_t sequence : sequences) TRY(database_.run(kDropEntry, sequence));
  TRY(database_.run(kNoteDropped, *std::max_element(sequences.begin(), sequences.end())));
  return {};
}

Result<std::size_t> RetentionRows::forget_links(WallTime before, std::size_t limit) {
  TRY_ASSIGN(const std::int64_t gone, database_.run(kForgetLinks, before, to_sql_limit(limit)));
  return static_cast<std::size_t>(gone);
}

Result<std::size_t> RetentionRows::forget_jobs(WallTime before, std::size_t limit) {
  TRY_ASSIGN(const std::int64_t gone,
             database_.run(kForgetJobs, before, to_sql_limit(limit), kJobsKept - 1));
  return static_cast<std::size_t>(gone);
}

Result<std::size_t> RetentionRows::expire_repositories(WallTime now, WallTime again,
                                                       std::size_t limit) {
  struct Expired {
    RepositoryId id;
    bool gone;
  };
  TRY_ASSIGN(const auto expired,
             rows<Expired>(database_.query(kExpired, now, to_sql_limit(limit)),
                           [](const Query& row) -> Result<Expired> {
                             return Expired{RepositoryId{row.integer(0)}, row.integer(1) != 0};
                           }));
  for (const Expired& repository : expired) {
    // Also of blobs that others still have: else what once was here would be known for ever.
    if (repository.gone) TRY(database_.run(kForgetItsLinks, repository.id, kLinksAtOnce));
    TRY_ASSIGN(const bool named, database_.exists(kIsNamed, repository.id));
    TRY_ASSIGN(const bool linked, database_.exists(kHasLinks, repository.id));
    const bool goes = !repository.gone && !linked;
    if (goes || !named) {
      TRY(database_.run(kForgetDescription, repository.id));
      TRY(database_.run(kForgetReadme, repository.id));
      TRY(database_.run(kForgetPulls, repository.id));
    }
    if (!named) {
      TRY(database_.run(kForgetRepository, repository.id));
      continue;
    }
    TRY(database_.run(kLookAgain, repository.id, goes ? again + kGoneIsKnown : again,
                      repository.gone || goes ? 1 : 0));
  }
  return expired.size();
}

}  // namespace entrepot::meta::sqlite
