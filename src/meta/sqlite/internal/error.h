#pragma once
// meta/sqlite/internal/error.h — what SQLite's result codes mean to us.

#include <string_view>

#include <sqlite3.h>

#include "base/result.h"

namespace entrepot::meta::sqlite {

// The error behind `code`, with SQLite's own words; `db` may be null when there is no connection.
//
// StorageFull: the disk or a quota is full. Unavailable: the disk fails, another process holds the
// file too long, the file system is read-only. Corrupt: the file is damaged, or is no database.
// Cancelled: interrupted by the Context. Internal: anything else is a fault of ours.
Error error_of(sqlite3* db, int code, std::string_view doing);

// Is the disk or the file itself damaged, so that nothing more must be written? A full disk, a
// read-only file system and a busy file are not: they heal by themselves.
bool is_damage(sqlite3* db, int code);

}  // namespace entrepot::meta::sqlite
