#pragma once
// server/run/data_directory.h — the directory that holds everything, taken by one process.

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/context.h"
#include "base/result.h"
#include "base/source.h"
#include "meta/store.h"

namespace entrepot::server {

// DIR/docker/…     blobs (and what an older registry left)
// DIR/entrepot/    what is this program's alone: meta.db, backups of it, id,
//                   lock, key, closed
//
// While this object lives, no other process can have one of the same directory.
class DataDirectory {
 public:
  // Makes what is missing, for its owner alone, takes the lock, and takes from others the rights to
  // what is there (file_modes.h). Conflict when another process has it, with its number, or when
  // it is no directory; Denied (also for a lock that is no plain file of its own), StorageFull,
  // Unavailable.
  static Result<std::unique_ptr<DataDirectory>> open(const std::string& path);

  // Where the metadata is, also for who only wants to ask a running server something.
  static std::string metadata_path_of(const std::string& path) {
    return path + "/entrepot/meta.db";
  }

  static std::string backups_path_of(const std::string& path) { return path + "/entrepot/backups"; }

  static std::string id_path_of(const std::string& path) { return path + "/entrepot/id"; }

  // Notes where this process listens, for who asks whose a port is. Nothing depends on it, so it
  // fails silently.
  void note_addresses(const std::vector<std::string>& addresses) const;

  const std::string& path() const { return path_; }
  std::string metadata_path() const { return metadata_path_of(path_); }
  std::string backups_path() const { return backups_path_of(path_); }
  // There while the registry has, or had, accounts: no older copy of the metadata opens it again.
  std::string closed_path() const { return path_ + "/entrepot/closed"; }
  std::string sealing_key_path() const { return path_ + "/entrepot/key"; }
  std::string id_path() const { return id_path_of(path_); }

 private:
  DataDirectory(std::string path, std::unique_ptr<OpenFile> lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  const std::string path_;
  const std::unique_ptr<OpenFile> lock_;  // closing it lets the lock go
};

// Does another process serve this directory now? The same as open(), but takes and makes nothing.
bool is_served(const std::string& data_path);

// Who serves it.
struct DirectoryHolder {
  std::string process;                 // its number
  std::vector<std::string> addresses;  // "127.0.0.1:5000", as far as they were noted
};
std::optional<DirectoryHolder> holder_of(const std::string& data_path);  // nothing: nobody

// The directory, and those below it that are ours; some of them may not be there yet.
std::vector<std::string> places_of_server(const std::string& data_path);

// Did the distribution registry write here: are there its repositories, adopted or not?
bool has_distribution_layout(const std::string& data_path);

// Conflict, with what to do, while there are repositories of distribution's that were not adopted:
// until then this program does not know which blobs they use.
Result<void> check_adopted(const std::string& data_path);

// The store's id is in the metadata and in DIR/entrepot/id. An id without its metadata means that
// the metadata was lost: then an empty store must not take its place in silence.
//
// Before the metadata is opened: Conflict when there is an id and no metadata file; Denied when we
// are root and somebody else may have put another file in its place.
Result<void> check_metadata_present(const std::string& data_path);
// After: makes the id where there is none in the metadata, writes the file where it is missing, and
// returns it. Conflict when file and metadata tell different stores.
Result<std::string> agree_on_id(Context& context, const DataDirectory& directory,
                                meta::Store& store);

}  // namespace entrepot::server
