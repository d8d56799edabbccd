#pragma once
// meta/sqlite/internal/backup.h — a copy of the whole file while others go on writing.

#include <string>

#include "meta/sqlite/internal/database.h"

namespace entrepot::meta::sqlite {

// Copies what `source`, which is in a read transaction, sees to the file `path`: written beside it,
// synced, then renamed over it, so that `path` is never a part of a copy. Cancelled and Timeout
// between two pieces.
Result<void> copy_to_file(Context& context, Database& source, const std::string& path);

}  // namespace entrepot::meta::sqlite
