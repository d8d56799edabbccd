#pragma once
// meta/sqlite/internal/backup.h — a copy of the whole file while others go on writing.

#include <string>

#include "meta/sqlite/internal/database.h"
#include "meta/sqlite/store.h"

namespace entrepot::meta::sqlite {

// Copies what `source`, which is in a read transaction, sees now to the file `path`: written beside
// it, synced, then renamed over it, so that `path` is never a part of a copy. One moment, however
// long it takes: what others write meanwhile goes to the log, which cannot start over until this
// ends. So the log's growth is watched, and so are the time and the room on the disk; past a limit
// the copy is given up. Cancelled, Timeout, StorageFull, Unavailable (the log grew too much)
// between two pieces; NotFound without the folder.
Result<void> copy_to_file(Context& context, Database& source, const std::string& path,
                          const BackupLimits& limits);

}  // namespace entrepot::meta::sqlite
