#include "meta/sqlite/store.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/even_clock.h"
#include "file/write.h"
#include "meta/sqlite/internal/backup.h"
#include "meta/sqlite/internal/checkpointer.h"
#include "meta/sqlite/internal/migrate.h"
#include "meta/sqlite/internal/readers.h"
#include "meta/sqlite/internal/writer.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr char kQuickCheck[] = "PRAGMA quick_check(1)";

constexpr int kWriterCacheKib = 16 * 1024;
constexpr int kReaderCacheKib = 2 * 1024;

// Corrupt would speak of what the caller asked for; damage of the file is the store's own trouble.
template <class T>
Result<T> as_trouble(Result<T> result) {
  if (!result && result.error().code == ErrorCode::Corrupt) {
    result.error().code = ErrorCode::Unavailable;
  }
  return result;
}

struct FileIdentity {
  dev_t device = 0;
  ino_t inode = 0;
  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

// All zero when there is none.
FileIdentity identity_of(const std::string& path) {
  struct stat found {};
  if (::stat(path.c_str(), &found) != 0) return {};
  return {found.st_dev, found.st_ino};
}

// Moves what the log holds into the file, and empties it. After a sync that failed, the log may end
// in a transaction that was refused and is not on the disk, although it can be read: what is
// written behind it would be lost with it.
Result<void> empty_log(Database& database) {
  auto moved = database.checkpoint(SQLITE_CHECKPOINT_TRUNCATE, std::chrono::milliseconds{0});
  if (moved || moved.error().code == ErrorCode::StorageFull) return {};
  return propagate(std::move(moved));
}

}  // namespace

// Destroyed from the last to the first: whoever closes the file last empties its log, which
// connections that only read cannot do; and the writer calls the checkpointer.
struct SqliteStore::Parts {
  Parts(const Options& options, const Clock& store_clock, std::unique_ptr<EvenClock> even_clock,
        std::unique_ptr<Database> to_write, std::unique_ptr<Database> to_checkpoint)
      : clock(store_clock),
        even(std::move(even_clock)),
        backup(options.backup),
        path(options.path),
        identity(identity_of(path)),
        checkpointer(std::move(to_checkpoint), health),
        writer(
            std::move(to_write), health,
            [this](Database& database) { checkpointer.after_commit(database); },
            (options.metrics == nullptr ? unread : *options.metrics)
                .histogram("entrepot_metadata_writer_seconds",
                           "How long the writer of the metadata took for what it committed at "
                           "once.")),
        readers({.path = options.path,
                 .mode = Database::Mode::ReadOnly,
                 .cache_kib = kReaderCacheKib,
                 .vfs = options.vfs,
                 .clock = even.get()},
                options.readers, health) {}

  const Clock& clock;
  const std::unique_ptr<EvenClock> even;
  const BackupLimits backup;
  metrics::Registry unread;
  const std::string path;
  const FileIdentity identity;
  Health health;
  Checkpointer checkpointer;
  Writer writer;
  Readers readers;
};

SqliteStore::SqliteStore(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}

SqliteStore::~SqliteStore() = default;

Result<std::unique_ptr<SqliteStore>> SqliteStore::open(const Options& options, const Clock& clock) {
  if (options.as_it_is && !std::filesystem::exists(options.path)) {
    return fail(ErrorCode::NotFound, "no metadata at {}", options.path);
  }
  auto even = std::make_unique<EvenClock>(clock);
  Database::Options write{.path = options.path,
                          .mode = Database::Mode::ReadWrite,
                          .cache_kib = kWriterCacheKib,
                          .vfs = options.vfs,
                          .clock = even.get()};
  TRY_ASSIGN(auto writer, Database::open(write));
  auto ready = options.as_it_is ? check_version(*writer, embedded_files())
                                : migrate(*writer, embedded_files(), clock.wall());
  if (!ready) return Failure(std::move(ready).error().within(options.path));
  if (!options.as_it_is) TRY(empty_log(*writer));
  TRY_ASSIGN(auto checkpointer, Database::open(write));
  return std::unique_ptr<SqliteStore>(new SqliteStore(std::make_unique<Parts>(
      options, clock, std::move(even), std::move(writer), std::move(checkpointer))));
}

Result<void> SqliteStore::look(const std::string& path) {
  if (!std::filesystem::exists(path)) return fail(ErrorCode::NotFound, "no metadata at {}", path);
  TRY_ASSIGN(const auto database,
             Database::open({.path = path, .mode = Database::Mode::Unchanging, .vfs = ""}));
  auto looked = check_known(*database, embedded_files());
  if (!looked) return Failure(std::move(looked).error().within(path));
  return {};
}

Result<void> SqliteStore::write(Context& context, const Work& work) {
  return as_trouble(parts_->writer.submit(context, work));
}

Result<void> SqliteStore::read(Context& context, const Look& look) {
  return as_trouble(parts_->readers.look(context, look));
}

void SqliteStore::listen(Listener& listener) { parts_->writer.listen(listener); }

Result<BackupContents> SqliteStore::backup(Context& context, const std::string& path) {
  const std::string part = path + ".part";
  auto made = [&]() -> Result<BackupContents> {
    // The view of the source ends with the copying: the log need not wait for what follows.
    TRY(parts_->readers.use(context, [&](Database& source) {
      return copy_to_file(context, source, part, parts_->backup);
    }));
    TRY_ASSIGN(const BackupContents contents, read_again(context, part));
    TRY(file::publish(part, path));
    return contents;
  }();
  if (!made) ::unlink(part.c_str());
  return as_trouble(std::move(made));
}

Result<void> SqliteStore::check_writable(Context& context) {
  return write(context, [this](Transaction& tx) {
    return tx.settings().set("last_write_check", to_rfc3339(parts_->clock.wall()));
  });
}

Result<void> SqliteStore::require_present() const {
  if (identity_of(parts_->path) == parts_->identity) return {};
  return fail(ErrorCode::Unavailable, "the metadata's file is gone from under the server");
}

Result<void> SqliteStore::check_integrity(Context& context) {
  return parts_->readers.use(context, [](Database& database) -> Result<void> {
    TRY_ASSIGN(Query query, database.query(kQuickCheck));
    TRY(query.next());
    if (query.text(0) == "ok") return {};
    return fail(ErrorCode::Corrupt, "the metadata is damaged: {}", query.text(0));
  });
}

}  // namespace entrepot::meta::sqlite
