#pragma once
// server/run/backup_job.h — what `entrepot backup` is told by the server that it asks: the JSON of
// a job.

#include <string>
#include <string_view>

#include "server/run/backup_folder.h"

namespace entrepot::server {

// The kind of these jobs. They take no arguments.
inline constexpr std::string_view kBackupJobKind = "backup";

// {"name": "metadata-….sqlite", "size_bytes": 1, "repositories": 2, "manifests": 3, "tags": 4,
//  "blobs": 5, "failure": ""}
struct BackupOutcome {
  MadeBackup made;
  std::string failure;  // why there is none; empty: there is one
};

Bytes to_json(const BackupOutcome& outcome);

// InvalidArgument for anything else than what to_json() writes; unknown fields are ignored.
Result<BackupOutcome> parse_backup_outcome(ByteView text);

}  // namespace entrepot::server
