#include "meta/sqlite/internal/nouns.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr char kDue[] =
    "SELECT digest, due_at FROM reviews WHERE due_at <= ?1 ORDER BY due_at LIMIT ?2";
constexpr char kCount[] = "SELECT count(*) FROM reviews";
constexpr char kContains[] = "SELECT 1 FROM reviews WHERE digest = ?1";
constexpr char kDueAt[] = "SELECT due_at FROM reviews WHERE digest = ?1";
constexpr char kPushBack[] =
    "INSERT INTO reviews (digest, due_at) VALUES (?1, ?2)"
    " ON CONFLICT (digest) DO UPDATE SET due_at = excluded.due_at WHERE excluded.due_at > due_at";
constexpr char kDrop[] = "DELETE FROM reviews WHERE digest = ?1";
constexpr char kDropAll[] =
    "WITH RECURSIVE asked (at, digest) AS ("
    "  SELECT 1, substr(?1, 1, iif(substr(?1, 1, 1) = x'01', 33, 65))"
    "  UNION ALL"
    "  SELECT at + length(digest),"
    "         substr(?1, at + length(digest),"
    "                iif(substr(?1, at + length(digest), 1) = x'01', 33, 65))"
    "    FROM asked WHERE at + length(digest) <= length(?1))"
    " DELETE FROM reviews WHERE digest IN (SELECT digest FROM asked)";
constexpr char kNext[] = "SELECT digest FROM reviews WHERE digest > ?1 ORDER BY digest LIMIT ?2";
constexpr char kShift[] = "UPDATE reviews SET due_at = min(due_at + ?2, ?3) WHERE digest = ?1";
}  // namespace

Result<std::vector<Review>> ReviewRows::due(WallTime now, std::size_t limit) const {
  return rows<Review>(database_.query(kDue, now, to_sql_limit(limit)),
                      [](const Query& row) -> Result<Review> {
                        TRY_ASSIGN(const Digest digest, row.digest(0));
                        return Review{digest, row.time(1)};
                      });
}

Result<std::uint64_t> ReviewRows::count() const {
  TRY_ASSIGN(Query query, database_.query(kCount));
  TRY(query.next());
  return query.size(0);
}

Result<bool> ReviewRows::contains(const Digest& digest) const {
  TRY_ASSIGN(const Digest stored, resolve_or_keep(database_, digest));
  return database_.exists(kContains, stored);
}

Result<WallTime> ReviewRows::due_at(const Digest& digest) const {
  TRY_ASSIGN(const Digest stored, resolve_or_keep(database_, digest));
  TRY_ASSIGN(Query query, database_.query(kDueAt, stored));
  TRY_ASSIGN(const bool found, query.next());
  if (!found) return fail(ErrorCode::NotFound, "no review of {} waits", digest.to_string());
  return query.time(0);
}

Result<void> ReviewRows::push_back(const Digest& digest, WallTime due_at) {
  TRY_ASSIGN(const Digest stored, resolve_or_keep(database_, digest));
  TRY(database_.run(kPushBack, stored, due_at));
  news_.tell_of_blob(stored);
  return {};
}

Result<void> ReviewRows::drop(const Digest& digest) {
  TRY_ASSIGN(const Digest stored, resolve_or_keep(database_, digest));
  TRY(database_.run(kDrop, stored));
  // It may have been queued before anyone knew whose alias it is.
  if (stored != digest) TRY(database_.run(kDrop, digest));
  return {};
}

Result<void> ReviewRows::drop_all(const std::vector<Digest>& digests) {
  if (digests.empty()) return {};
  const Bytes keys = keys_of(digests);
  TRY(database_.run(kDropAll, Octets{keys}));
  return {};
}

Result<std::optional<Digest>> ReviewRows::shift(std::chrono::microseconds by, WallTime latest,
                                                const std::optional<Digest>& after,
                                                std::size_t limit) {
  const Bytes after_key = after ? after->key() : Bytes();
  TRY_ASSIGN(const auto next,
             rows<Digest>(database_.query(kNext, Octets{after_key}, to_sql_limit(limit)),
                          [](const Query& row) { return row.digest(0); }));
  for (const Digest& digest : next) TRY(database_.run(kShift, digest, by.count(), latest));
  if (next.empty()) return std::nullopt;
  return next.back();
}

}  // namespace entrepot::meta::sqlite
