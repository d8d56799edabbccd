#pragma once
// server/run/backup_folder.h — the folder of the metadata's backups: their names, and how many
// stay.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "meta/store.h"

namespace entrepot::server {

struct MadeBackup {
  std::string name;  // in the folder
  meta::BackupContents contents;
};

// DIRECTORY/metadata-20260131T120000Z.sqlite and so on, each whole and durable under that name. Of
// one thread and one process at a time: that of the server, or of a command where none runs.
class BackupFolder {
 public:
  // The directory is made when it is needed.
  BackupFolder(std::string directory, std::size_t keep)
      : directory_(std::move(directory)), keep_(keep) {}

  // Copies `meta` under the name of `now`; then drops the oldest beyond `keep`, but never the new
  // one, and what killed processes left over. Errors of meta::Backup; Unsupported without one.
  Result<MadeBackup> make(Context& context, meta::Store& meta, WallTime now) const;

  // Oldest first; as far as the directory can be read.
  std::vector<std::string> names() const;

  // 0 for one that is not there.
  std::uint64_t size_of(const std::string& name) const;

 private:
  std::string path_of(const std::string& name) const;
  void drop_but(const std::string& newest) const;

  const std::string directory_;
  const std::size_t keep_;
};

// "metadata-20260131T120000Z.sqlite", and what such a name says; nothing for any other.
std::string backup_name(WallTime time);
std::optional<WallTime> backup_time(std::string_view name);

}  // namespace entrepot::server
