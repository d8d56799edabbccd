#include "meta/sqlite/internal/database.h"

#include <cerrno>
#include <mutex>
#include <new>
#include <thread>

#include "base/check.h"
#include "meta/sqlite/internal/error.h"

namespace entrepot::meta::sqlite {
namespace {

// How long a connection waits for another process that writes (the command line's).
constexpr std::chrono::milliseconds kBusyTimeout{5000};

// Between two looks whether it may. SQLite's own wait looks ten times a second only, and a server
// that commits one transaction after the other leaves far shorter gaps: the command line would
// starve.
constexpr std::chrono::milliseconds kBusyLook{1};

// Between two looks at the Context; about a millisecond of work.
constexpr int kStepsBetweenLooks = 50'000;

// Without it each allocation of every connection takes one global lock, for statistics that nobody
// reads.
void configure_library() {
  static std::once_flag once;
  std::call_once(once, [] { sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0); });
}

int note_log_pages(void* log_pages, sqlite3*, const char*, int pages) {
  *static_cast<int*>(log_pages) = pages;
  return SQLITE_OK;
}

// A parameter that is not bound is NULL, and the question another one.
void require_bound(int code) {
  if (code == SQLITE_NOMEM) throw std::bad_alloc();
  CHECK(code == SQLITE_OK);
}

// The URI by which SQLite takes a file for one that does not change.
std::string unchanging_name(std::string_view path) {
  std::string name = "file:";
  for (const char c : path) {
    if (c == '%' || c == '?' || c == '#') {
      name += fmt::format("%{:02x}", static_cast<int>(c));
    } else {
      name += c;
    }
  }
  return name + "?immutable=1";
}

}  // namespace

Query::Query(Database& database, sqlite3_stmt* statement)
    : database_(&database), statement_(statement) {}

Query::Query(Query&& other) noexcept
    : database_(other.database_), statement_(std::exchange(other.statement_, nullptr)) {}

Query::~Query() {
  if (statement_) sqlite3_reset(statement_);
}

Result<bool> Query::next() {
  errno = 0;
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code == SQLITE_DONE) return false;
  return database_->failure(code, "metadata");
}

std::string_view Query::text(int column) const {
  const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
  if (text == nullptr) return nothing();
  return {text, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

ByteView Query::blob(int column) const {
  const auto* bytes = static_cast<const char*>(sqlite3_column_blob(statement_, column));
  if (bytes == nullptr) return nothing();
  return {bytes, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

// NULL and an empty blob are null pointers; so is what SQLite had no memory to hand out, which must
// not be taken for the empty text.
std::string_view Query::nothing() const {
  if (sqlite3_errcode(sqlite3_db_handle(statement_)) == SQLITE_NOMEM) throw std::bad_alloc();
  return {};
}

void Query::bind(int index, std::nullptr_t) { require_bound(sqlite3_bind_null(statement_, index)); }

void Query::bind(int index, std::int64_t value) {
  require_bound(sqlite3_bind_int64(statement_, index, value));
}

void Query::bind(int index, std::string_view value) {
  // A null pointer would be NULL instead of "".
  const char* const data = value.data() ? value.data() : "";
  require_bound(
      sqlite3_bind_text64(statement_, index, data, value.size(), SQLITE_STATIC, SQLITE_UTF8));
}

void Query::bind(int index, Octets value) {
  const char* const data = value.bytes.data() ? value.bytes.data() : "";
  require_bound(sqlite3_bind_blob64(statement_, index, data, value.bytes.size(), SQLITE_STATIC));
}

void Query::bind(int index, const Digest& value) {
  const Bytes key = value.key();
  require_bound(sqlite3_bind_blob64(statement_, index, key.data(), key.size(), SQLITE_TRANSIENT));
}

void Query::check_parameters(std::size_t bound) const {
  CHECK(static_cast<std::size_t>(sqlite3_bind_parameter_count(statement_)) == bound);
}

Result<std::unique_ptr<Database>> Database::open(const Options& options) {
  configure_library();
  const bool is_unchanging = options.mode == Mode::Unchanging;
  const std::string name = is_unchanging ? unchanging_name(options.path) : options.path;
  const int flags = SQLITE_OPEN_NOMUTEX | (is_unchanging ? SQLITE_OPEN_URI : 0) |
                    (options.mode == Mode::ReadWrite ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                                     : SQLITE_OPEN_READONLY);
  sqlite3* handle = nullptr;
  errno = 0;
  const int code = sqlite3_open_v2(name.c_str(), &handle, flags,
                                   options.vfs.empty() ? nullptr : options.vfs.c_str());
  std::unique_ptr<Database> database(new Database(handle, *options.clock));
  const std::string opening = fmt::format("opening {}", options.path);
  if (code != SQLITE_OK) return database->failure(code, opening);

  sqlite3_extended_result_codes(handle, 1);
  database->patience_ = kBusyTimeout;
  sqlite3_busy_handler(handle, &Database::wait_for_others, database.get());
  sqlite3_progress_handler(handle, kStepsBetweenLooks, &Database::is_over, database.get());
  sqlite3_wal_hook(handle, &note_log_pages, &database->log_pages_);  // no checkpoints by itself
  // Scratch space is memory, so that no file besides the store's own is ever needed.
  auto set = database->execute(
      fmt::format("PRAGMA cache_size = -{}; PRAGMA temp_store = memory; PRAGMA foreign_keys = on;"
                  "PRAGMA trusted_schema = off;",
                  options.cache_kib));
  if (set && options.mode == Mode::ReadWrite) {
    // The log is what an acknowledged write is in: each commit syncs it.
    set = database->execute("PRAGMA synchronous = full; PRAGMA journal_size_limit = 67108864;");
  }
  if (!set) return Failure(std::move(set).error().within(opening));
  return database;
}

Database::~Database() {
  for (const auto& [sql, statement] : statements_) sqlite3_finalize(statement);
  sqlite3_close_v2(handle_);
}

Result<sqlite3_stmt*> Database::prepared(const char* sql) {
  sqlite3_stmt*& statement = statements_[sql];
  if (statement == nullptr) {
    errno = 0;
    const int code =
        sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr);
    if (code != SQLITE_OK) return failure(code, "metadata");
  }
  DCHECK(!sqlite3_stmt_busy(statement));
  return statement;
}

Result<void> Database::execute(const std::string& sql) {
  errno = 0;
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return failure(code, "metadata");
  return {};
}

Result<void> Database::finish(Query& query) {
  for (;;) {
    TRY_ASSIGN(const bool more, query.next());
    if (!more) return {};
  }
}

Result<Database::Checkpoint> Database::checkpoint(int mode, std::chrono::milliseconds patience) {
  Checkpoint result;
  patience_ = patience;
  const int code =
      sqlite3_wal_checkpoint_v2(handle_, nullptr, mode, &result.log_pages, &result.moved_pages);
  patience_ = kBusyTimeout;
  // Busy: others still need the log, and as much as could be was moved.
  if (code != SQLITE_OK && code != SQLITE_BUSY) return failure(code, "checkpoint of the metadata");
  return result;
}

void Database::watch(Context* context) { watched_ = context; }

int Database::wait_for_others(void* database, int looks) {
  if (looks * kBusyLook >= static_cast<Database*>(database)->patience_) return 0;
  std::this_thread::sleep_for(kBusyLook);
  return 1;
}

// As Context::alive(), but makes no Error: no exception may pass through SQLite.
int Database::is_over(void* database) {
  const Context* const watched = static_cast<Database*>(database)->watched_;
  if (watched == nullptr) return 0;
  const auto deadline = watched->deadline();
  return watched->cancelled() || (deadline && std::chrono::steady_clock::now() > *deadline);
}

bool Database::has_moved() const {
  int moved = 0;
  const int code = sqlite3_file_control(handle_, "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return code == SQLITE_OK && moved != 0;
}

std::vector<std::string> Database::prepared_sql() const {
  std::vector<std::string> texts;
  texts.reserve(statements_.size());
  for (const auto& [sql, statement] : statements_) texts.emplace_back(sql);
  return texts;
}

Failure Database::failure(int code, std::string_view doing) {
  const Failing failing{handle_, code, errno};
  if (code == SQLITE_INTERRUPT && watched_ != nullptr) {
    auto alive = watched_->alive();
    if (!alive) return propagate(std::move(alive));
  }
  const bool first_damage = is_damage(failing) && !damage_;
  if (first_damage) damage_ = Error{ErrorCode::Unavailable, "damage"};  // needs no memory
  Error error = error_of(failing, doing);
  if (first_damage) damage_ = error;
  return Failure(std::move(error));
}

}  // namespace entrepot::meta::sqlite
