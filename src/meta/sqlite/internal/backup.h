#pragma once
// meta/sqlite/internal/backup.h — a copy of the whole file while others go on writing.

#include <string>

#include "meta/sqlite/internal/database.h"
#include "meta/sqlite/store.h"

namespace entrepot::meta::sqlite {

// Copies what `source`, which is in a read transaction, sees now to the file `path`, in place of
// what is there. One moment, however long it takes: what others write meanwhile goes to the log,
// which cannot start over until this ends. So the log's growth is watched, and so are the time and
// the room on the disk; past a limit the copy is given up. Not durable yet; after an error a part
// of it may be left. Cancelled, Timeout, StorageFull, Unavailable (the log grew too much) between
// two pieces; NotFound without the folder.
Result<void> copy_to_file(Context& context, Database& source, const std::string& path,
                          const BackupLimits& limits);

// Reads all of a copy that nobody writes, and counts. Makes no file beside it. Unavailable, with
// what was found, when it is not whole; Cancelled.
Result<BackupContents> read_again(Context& context, const std::string& path);

}  // namespace entrepot::meta::sqlite
