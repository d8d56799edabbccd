#pragma once
// server/command/backup_target.h — the file that `entrepot backup --to` is to make.

#include <string>

#include "base/result.h"

namespace entrepot::server {

// A name that nothing has yet, in a directory outside the data directory, and a hidden one beside
// it under which the backup is written first.
class BackupTarget {
 public:
  // Looks, and writes nothing. AlreadyExists for a name that something has, a dangling link, too;
  // NotFound without its directory; InvalidArgument when that is the data directory or anything
  // below it or below what its links lead to (a `docker` on another disk), however `file` is
  // spelled; Denied when we may not write there.
  static Result<BackupTarget> choose(const std::string& file, const std::string& data_path);

  // Where to write. With ".part" behind it, too, it is nobody else's name.
  const std::string& beside() const { return beside_; }

  // Gives what was written the target's name. AlreadyExists when somebody was faster.
  Result<void> publish() const;

  // Removes what was written and not published.
  void discard() const;

 private:
  BackupTarget(std::string path, std::string beside)
      : path_(std::move(path)), beside_(std::move(beside)) {}

  std::string path_;
  std::string beside_;
};

}  // namespace entrepot::server
