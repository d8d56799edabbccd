#include "meta/sqlite/internal/error.h"

#include <cerrno>

#include "file/error.h"

namespace entrepot::meta::sqlite {
namespace {

bool says_full(int system_errno) { return file::code_of(system_errno) == ErrorCode::StorageFull; }

ErrorCode code_of(int code, int system_errno) {
  switch (code & 0xff) {
    case SQLITE_FULL:
      return ErrorCode::StorageFull;
    case SQLITE_IOERR:
    case SQLITE_CANTOPEN:
      if (code == SQLITE_IOERR_CORRUPTFS) return ErrorCode::Corrupt;
      // SQLite has a code of its own for ENOSPC in write(2) only.
      return says_full(system_errno) ? ErrorCode::StorageFull : ErrorCode::Unavailable;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_NOMEM:
      return ErrorCode::Unavailable;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorCode::Corrupt;
    case SQLITE_INTERRUPT:
      return ErrorCode::Cancelled;
    case SQLITE_TOOBIG:
      return ErrorCode::TooLarge;
    default:
      return ErrorCode::Internal;
  }
}

}  // namespace

Error error_of(const Failing& failing, std::string_view doing) {
  const auto& [db, code, system_errno] = failing;
  const bool own_words = db && (sqlite3_errcode(db) & 0xff) == (code & 0xff);
  return Error{
      code_of(code, system_errno),
      fmt::format("{}: {} (SQLite code {}, errno {})", doing,
                  own_words ? sqlite3_errmsg(db) : sqlite3_errstr(code), code, system_errno)};
}

bool is_damage(const Failing& failing) {
  switch (failing.code & 0xff) {
    case SQLITE_IOERR:
      return failing.code != SQLITE_IOERR_NOMEM && !says_full(failing.system_errno) &&
             failing.system_errno != EROFS;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return true;
    default:
      return false;
  }
}

}  // namespace entrepot::meta::sqlite
