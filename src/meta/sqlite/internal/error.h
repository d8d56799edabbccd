#pragma once
// meta/sqlite/internal/error.h — what SQLite's result codes mean to us.

#include <string_view>

#include <sqlite3.h>

#include "base/result.h"

namespace entrepot::meta::sqlite {

// Called right after SQLite returned `code`, with errno as it left it (callers set errno to 0
// before: sqlite3_system_errno() knows nothing of a COMMIT that fails).
struct Failing {
  sqlite3* db = nullptr;  // null when there is no connection
  int code = SQLITE_OK;
  int system_errno = 0;
};

// The error, with SQLite's own words.
//
// StorageFull: the disk or a quota is full. Unavailable: the disk fails, another process holds the
// file too long, the file system is read-only. Corrupt: the file is damaged, or is no database.
// Cancelled: interrupted by the Context. Internal: anything else is a fault of ours.
Error error_of(const Failing& failing, std::string_view doing);

// Is the disk or the file itself damaged, so that nothing more must be written? A full disk, a
// read-only file system and a busy file are not: they heal by themselves.
bool is_damage(const Failing& failing);

}  // namespace entrepot::meta::sqlite
