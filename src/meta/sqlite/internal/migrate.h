#pragma once
// meta/sqlite/internal/migrate.h — bringing the file's tables to what this program knows.

#include <span>

#include "base/clock.h"
#include "meta/sqlite/embedded.h"
#include "meta/sqlite/internal/database.h"

namespace entrepot::meta::sqlite {

// Applies the migrations ("migrations/NNNN_name.sql", ascending) that the file does not have yet,
// each in a transaction of its own, and notes each in schema_migrations. Does nothing to a file
// that has them all. Several processes may do it at once.
//
// Unsupported: the file was written by a newer program, or is not a store of entrepot; it is not
// touched then.
Result<void> migrate(Database& database, std::span<const EmbeddedFile> migrations, WallTime now);

// Changes nothing. Unsupported: the file does not have exactly these migrations, or is not a store
// of entrepot.
Result<void> check_version(Database& database, std::span<const EmbeddedFile> migrations);

// Changes nothing. Unsupported: migrate() would refuse it.
Result<void> check_known(Database& database, std::span<const EmbeddedFile> migrations);

}  // namespace entrepot::meta::sqlite
