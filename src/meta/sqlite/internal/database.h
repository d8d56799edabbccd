#pragma once
// meta/sqlite/internal/database.h — one connection to the file, and queries on it.

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include <sqlite3.h>

#include "base/context.h"
#include "meta/rows.h"

namespace entrepot::meta::sqlite {

// A value to bind as octets instead of text.
struct Octets {
  ByteView bytes;
};

// A statement at work: bound, stepped by next(), read by column. Gives the statement back when it
// ends. What was bound by view must live until then.
class Query {
 public:
  Query(Query&& other) noexcept;
  Query& operator=(Query&&) = delete;
  ~Query();

  // Is there a (further) row? Running a statement that returns none is one call of this.
  Result<bool> next();

  // Columns of the row, from 0; views live until the next next().
  bool is_null(int column) const { return sqlite3_column_type(statement_, column) == SQLITE_NULL; }
  std::int64_t integer(int column) const { return sqlite3_column_int64(statement_, column); }
  std::uint64_t size(int column) const { return static_cast<std::uint64_t>(integer(column)); }
  WallTime time(int column) const { return from_unix_micros(integer(column)); }
  std::string_view text(int column) const;
  ByteView blob(int column) const;
  Result<Digest> digest(int column) const { return Digest::from_key(blob(column)); }

 private:
  friend class Database;
  Query(class Database& database, sqlite3_stmt* statement);

  std::string_view nothing() const;
  void bind(int index, std::nullptr_t);
  void bind(int index, std::int64_t value);
  void bind(int index, int value) { bind(index, std::int64_t{value}); }
  void bind(int index, std::uint64_t value) { bind(index, static_cast<std::int64_t>(value)); }
  void bind(int index, WallTime value) { bind(index, to_unix_micros(value)); }
  void bind(int index, RepositoryId value) { bind(index, value.value); }
  void bind(int index, std::string_view value);
  void bind(int index, const RepositoryName& value) { bind(index, std::string_view(value.str())); }
  void bind(int index, const Tag& value) { bind(index, std::string_view(value.str())); }
  void bind(int index, Octets value);
  void bind(int index, const Digest& value);
  template <class T>
  void bind(int index, const std::optional<T>& value) {
    value ? bind(index, *value) : bind(index, nullptr);
  }
  void check_parameters(std::size_t bound) const;

  class Database* database_;
  sqlite3_stmt* statement_;
};

// A connection, its settings, and the statements that were prepared on it. Belongs to one thread at
// a time.
class Database {
 public:
  enum class Mode {
    ReadWrite,  // makes the file when it is not there
    ReadOnly,
    Unchanging,  // a file that nobody writes: read without locks and without files beside it
  };
  struct Options {
    std::string path;
    Mode mode = Mode::ReadOnly;
    int cache_kib = 2048;
    std::string vfs;                        // "" = SQLite's own; tests put in one that fails
    const Clock* clock = &Clock::system();  // tells when leases end and jobs are due
  };

  // Corrupt when the file is no database, Unavailable when it cannot be opened.
  static Result<std::unique_ptr<Database>> open(const Options& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // The statement, with `arguments` bound to its parameters in order. `sql` must be a constant:
  // statements are prepared once and found again by its address.
  template <class... Arguments>
  Result<Query> query(const char* sql, const Arguments&... arguments) {
    TRY_ASSIGN(sqlite3_stmt* const statement, prepared(sql));
    Query query(*this, statement);
    int index = 0;
    (query.bind(++index, arguments), ...);
    query.check_parameters(sizeof...(arguments));
    return query;
  }

  // Runs the statement to its end; returns how many rows it inserted, updated or deleted.
  template <class... Arguments>
  Result<std::int64_t> run(const char* sql, const Arguments&... arguments) {
    TRY_ASSIGN(Query query, this->query(sql, arguments...));
    TRY(finish(query));
    return sqlite3_changes64(handle_);
  }

  // Does the statement return a row?
  template <class... Arguments>
  Result<bool> exists(const char* sql, const Arguments&... arguments) {
    TRY_ASSIGN(Query query, this->query(sql, arguments...));
    return query.next();
  }

  // Runs any number of statements, unprepared: settings, migrations.
  Result<void> execute(const std::string& sql);

  const Clock& clock() const { return clock_; }
  std::int64_t last_inserted_id() const { return sqlite3_last_insert_rowid(handle_); }
  bool in_transaction() const { return sqlite3_get_autocommit(handle_) == 0; }

  // The first error on this connection that tells of a damaged disk or file, if there was one:
  // nothing more must be written.
  const std::optional<Error>& damage() const { return damage_; }

  // Was the file moved or removed since it was opened? What is written then is lost with it.
  bool has_moved() const;

  // How many pages the write-ahead log had after this connection's last commit.
  int log_pages() const { return log_pages_; }

  // Moves pages of the log into the file, as SQLITE_CHECKPOINT_* `mode` says, waiting at most
  // `patience` for others. Done when both numbers are equal.
  struct Checkpoint {
    int log_pages = 0;
    int moved_pages = 0;
  };
  Result<Checkpoint> checkpoint(int mode, std::chrono::milliseconds patience);

  // Ends statements that run while `context` is no longer alive, with its error. Null: no more.
  void watch(Context* context);

  // The text of every statement prepared so far.
  std::vector<std::string> prepared_sql() const;

  sqlite3* handle() { return handle_; }

 private:
  friend class Query;
  Database(sqlite3* handle, const Clock& clock) : handle_(handle), clock_(clock) {}

  Result<sqlite3_stmt*> prepared(const char* sql);
  Failure failure(int code, std::string_view doing);
  static Result<void> finish(Query& query);
  static int is_over(void* database);  // SQLite asks from time to time
  static int wait_for_others(void* database, int looks);

  sqlite3* const handle_;
  const Clock& clock_;
  std::unordered_map<const char*, sqlite3_stmt*> statements_;
  std::optional<Error> damage_;
  Context* watched_ = nullptr;
  std::chrono::milliseconds patience_{};  // with others who have the file open
  int log_pages_ = 0;
};

// All rows of the query, each made by `row_of(query)`, which returns Result<Row>.
template <class Row, class RowOf>
Result<std::vector<Row>> rows(Result<Query> found, RowOf&& row_of) {
  TRY_ASSIGN(Query query, std::move(found));
  std::vector<Row> rows;
  for (;;) {
    TRY_ASSIGN(const bool more, query.next());
    if (!more) return rows;
    TRY_ASSIGN(Row row, row_of(query));
    rows.push_back(std::move(row));
  }
}

}  // namespace entrepot::meta::sqlite
