#include "meta/sqlite/internal/backup.h"

#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>

#include "file/error.h"
#include "meta/sqlite/internal/error.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr int kPagesAPiece = 1024;  // 4 MiB between two looks at what may end it

// A transaction has its view from its first look on, not from its beginning. Without one, SQLite
// would begin the copy anew whenever another connection has written between two pieces.
constexpr char kTakeView[] = "SELECT 1 FROM sqlite_schema LIMIT 1";
constexpr char kCheck[] = "PRAGMA integrity_check(1)";
constexpr char kCounts[] =
    "SELECT (SELECT count(*) FROM repositories),"
    "       (SELECT count(*) FROM manifests WHERE deleted_at IS NULL),"
    "       (SELECT count(*) FROM tags),"
    "       (SELECT count(*) FROM blobs WHERE going = 0)";
constexpr char kSize[] = "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size";

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// Looks at what others do while the copy is made.
class Watch {
 public:
  Watch(Database& source, std::string folder, std::uint64_t size_bytes, const BackupLimits& limits)
      : log_path_(std::string(sqlite3_db_filename(source.handle(), "main")) + "-wal"),
        folder_(std::move(folder)),
        size_bytes_(size_bytes),
        limits_(limits),
        log_bytes_(log_bytes()),
        deadline_(std::chrono::steady_clock::now() + limits.patience +
                  std::chrono::seconds(size_bytes / limits.slowest_bytes_per_second)) {}

  // Room for the copy, for what the log may grow meanwhile, and what has to stay free.
  Result<void> require_room() const {
    return require_free(size_bytes_ + most_growth() + limits_.spare_bytes);
  }

  Result<void> may_go_on(Context& context) const {
    TRY(context.alive());
    if (std::chrono::steady_clock::now() >= deadline_) {
      return fail(ErrorCode::Timeout, "copying the metadata took too long");
    }
    if (const std::uint64_t now = log_bytes(); now > log_bytes_ + most_growth()) {
      return fail(ErrorCode::Unavailable,
                  "the metadata's log grew by {} bytes while the metadata was copied",
                  now - log_bytes_);
    }
    return require_free(limits_.spare_bytes);
  }

 private:
  std::uint64_t most_growth() const { return limits_.spare_bytes + size_bytes_ / 4; }

  std::uint64_t log_bytes() const {
    struct stat found {};
    return ::stat(log_path_.c_str(), &found) == 0 ? static_cast<std::uint64_t>(found.st_size) : 0;
  }

  Result<void> require_free(std::uint64_t wanted_bytes) const {
    struct statvfs found {};
    if (::statvfs(folder_.c_str(), &found) != 0)
      return file::failed(errno, "looking at {}", folder_);
    const std::uint64_t free_bytes = std::uint64_t{found.f_bavail} * found.f_frsize;
    if (free_bytes >= wanted_bytes) return {};
    return fail(ErrorCode::StorageFull, "a copy of the metadata wants {} bytes free, there are {}",
                wanted_bytes, free_bytes);
  }

  const std::string log_path_;
  const std::string folder_;
  const std::uint64_t size_bytes_;
  const BackupLimits& limits_;
  const std::uint64_t log_bytes_;  // when the copy began
  const SteadyTime deadline_;
};

Result<void> copy_pages(Context& context, const Watch& watch, sqlite3_backup* backup,
                        sqlite3* target) {
  for (;;) {
    TRY(watch.may_go_on(context));
    errno = 0;
    const int code = sqlite3_backup_step(backup, kPagesAPiece);
    if (code == SQLITE_DONE) return {};
    if (code != SQLITE_OK) {
      return Failure(error_of({target, code, errno}, "copying the metadata"));
    }
  }
}

Result<void> copy_database(Context& context, const Watch& watch, Database& source,
                           const std::string& path) {
  Database::Options options;
  options.path = path;
  options.mode = Database::Mode::ReadWrite;
  TRY_ASSIGN(const auto target, Database::open(options));
  // Durable at the end, by one sync; a copy that broke off is thrown away.
  TRY(target->execute("PRAGMA journal_mode = off; PRAGMA synchronous = off"));
  sqlite3_backup* const backup =
      sqlite3_backup_init(target->handle(), "main", source.handle(), "main");
  if (backup == nullptr) {
    const int code = sqlite3_errcode(target->handle());
    return Failure(error_of({target->handle(), code, errno}, "copying the metadata"));
  }
  auto copied = copy_pages(context, watch, backup, target->handle());
  sqlite3_backup_finish(backup);
  return copied;
}

Result<std::uint64_t> size_of(Database& source) {
  TRY_ASSIGN(Query query, source.query(kSize));
  TRY(query.next());
  return query.size(0);
}

}  // namespace

Result<void> copy_to_file(Context& context, Database& source, const std::string& path,
                          const BackupLimits& limits) {
  TRY(source.exists(kTakeView));
  TRY_ASSIGN(const std::uint64_t size_bytes, size_of(source));
  const Watch watch(source, folder_of(path), size_bytes, limits);
  TRY(watch.require_room());
  ::unlink(path.c_str());
  return copy_database(context, watch, source, path);
}

Result<BackupContents> read_again(Context& context, const std::string& path) {
  Database::Options options;
  options.path = path;
  options.mode = Database::Mode::Unchanging;
  TRY_ASSIGN(const auto copy, Database::open(options));
  copy->watch(&context);
  TRY_ASSIGN(Query check, copy->query(kCheck));
  TRY(check.next());
  if (check.text(0) != "ok") {
    return fail(ErrorCode::Unavailable, "the copy of the metadata is not whole: {}", check.text(0));
  }
  TRY_ASSIGN(Query counts, copy->query(kCounts));
  TRY(counts.next());
  BackupContents contents{.repositories = counts.size(0),
                          .manifests = counts.size(1),
                          .tags = counts.size(2),
                          .blobs = counts.size(3)};
  TRY_ASSIGN(contents.size_bytes, size_of(*copy));
  return contents;
}

}  // namespace entrepot::meta::sqlite
