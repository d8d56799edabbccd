#include "meta/sqlite/internal/migrate.h"

#include <charconv>

#include "base/check.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr char kApplicationId[] = "PRAGMA application_id";
constexpr char kAnyTable[] = "SELECT 1 FROM sqlite_schema LIMIT 1";
constexpr char kUseLog[] = "PRAGMA journal_mode = wal";
constexpr char kCreateLedger[] =
    "CREATE TABLE schema_migrations ("
    "  version    INTEGER PRIMARY KEY,"
    "  name       TEXT NOT NULL,"
    "  applied_at INTEGER NOT NULL"
    ") STRICT";
constexpr char kNewest[] = "SELECT coalesce(max(version), 0) FROM schema_migrations";
constexpr char kNote[] = "INSERT INTO schema_migrations VALUES (?1, ?2, ?3)";

constexpr std::int64_t kOurs = 0x656e7472;  // "entr", set by the first migration

// "migrations/0012_name.sql" → 12.
std::int64_t version_of(std::string_view name) {
  constexpr std::string_view kFolder = "migrations/";
  CHECK(name.starts_with(kFolder));
  const std::string_view digits = name.substr(kFolder.size(), 4);
  std::int64_t version = 0;
  std::from_chars(digits.data(), digits.data() + digits.size(), version);
  CHECK(version > 0);
  return version;
}

Result<std::int64_t> number(Database& database, const char* sql) {
  TRY_ASSIGN(Query query, database.query(sql));
  TRY(query.next());
  return query.integer(0);
}

// The schema's version; 0 for an empty file. A file of another program must stay as it is.
Result<std::int64_t> version_of_file(Database& database) {
  TRY_ASSIGN(const std::int64_t id, number(database, kApplicationId));
  if (id == kOurs) return number(database, kNewest);
  TRY_ASSIGN(const bool any, database.exists(kAnyTable));
  if (id == 0 && !any) return 0;
  return fail(ErrorCode::Unsupported, "an SQLite file, but not a metadata store of entrepot");
}

// The file remembers it. Readers and the writer do not wait for one another then, and a commit is
// one append and one sync.
Result<void> use_write_ahead_log(Database& database) {
  TRY_ASSIGN(Query query, database.query(kUseLog));
  TRY(query.next());
  if (query.text(0) == "wal") return {};
  return fail(ErrorCode::Unsupported,
              "the file system cannot share memory between processes (a network file system?), "
              "which the metadata's write-ahead log needs");
}

// Looks again under the write lock, because another process may have been faster.
Result<void> apply_next(Database& database, std::span<const EmbeddedFile> migrations,
                        WallTime now) {
  TRY_ASSIGN(const std::int64_t version, version_of_file(database));
  if (version == 0) TRY(database.run(kCreateLedger));
  for (const EmbeddedFile& migration : migrations) {
    const std::int64_t next = version_of(migration.name);
    if (next <= version) continue;
    TRY(database.execute(std::string(migration.contents)));
    TRY(database.run(kNote, next, migration.name, now));
    return {};
  }
  return {};
}

Result<void> apply_in_transaction(Database& database, std::span<const EmbeddedFile> migrations,
                                  WallTime now) {
  TRY(database.execute("BEGIN IMMEDIATE"));
  auto applied = apply_next(database, migrations, now);
  if (applied) applied = database.execute("COMMIT");
  if (!applied && database.in_transaction()) static_cast<void>(database.execute("ROLLBACK"));
  return applied;
}

Failure too_new(std::int64_t version, std::int64_t known) {
  return fail(ErrorCode::Unsupported,
              "the metadata has schema version {}, this program knows up to {}: start the newer "
              "program, or restore a backup from before the upgrade",
              version, known);
}

std::int64_t newest_of(std::span<const EmbeddedFile> migrations) {
  CHECK(!migrations.empty());
  return version_of(migrations.back().name);
}

}  // namespace

Result<void> migrate(Database& database, std::span<const EmbeddedFile> migrations, WallTime now) {
  const std::int64_t known = newest_of(migrations);
  for (;;) {
    TRY_ASSIGN(const std::int64_t version, version_of_file(database));
    if (version > known) return too_new(version, known);
    TRY(use_write_ahead_log(database));
    if (version == known) return {};
    TRY(apply_in_transaction(database, migrations, now));
  }
}

Result<void> check_version(Database& database, std::span<const EmbeddedFile> migrations) {
  const std::int64_t known = newest_of(migrations);
  TRY_ASSIGN(const std::int64_t version, version_of_file(database));
  if (version > known) return too_new(version, known);
  if (version == known) return {};
  return fail(ErrorCode::Unsupported,
              "the metadata has schema version {}, this program needs {}: the server upgrades it "
              "when it starts",
              version, known);
}

Result<void> check_known(Database& database, std::span<const EmbeddedFile> migrations) {
  const std::int64_t known = newest_of(migrations);
  TRY_ASSIGN(const std::int64_t version, version_of_file(database));
  if (version > known) return too_new(version, known);
  return {};
}

}  // namespace entrepot::meta::sqlite
