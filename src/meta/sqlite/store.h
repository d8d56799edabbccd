#pragma once
// meta/sqlite/store.h — the metadata of one machine, in one SQLite file.

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "base/metrics.h"
#include "meta/store.h"

namespace entrepot::meta::sqlite {

// When a backup is given up.
struct BackupLimits {
  // Stays free on the disk. Before a copy begins there must be room for it, this, and what the log
  // may grow meanwhile: as much as this and a quarter of the metadata.
  std::uint64_t spare_bytes = 32 << 20;
  // It may take so long, and a second for each of so many bytes besides.
  std::chrono::seconds patience{60};
  std::uint64_t slowest_bytes_per_second = 2 << 20;
};

// A meta::Store on a local file system. The file `path` (and beside it `path-wal` and `path-shm`
// while it is open) is documented in docs/formats/metadata.md.
//
// One writes at a time: works that arrive while a commit runs are committed together by the next.
// Readers see the last commit and never wait for the writer. Another process (the command line) may
// open the same file at the same time; its writes and ours wait for each other for at most 5 s,
// then fail with Unavailable.
//
// When the disk is full, writes fail with StorageFull and work again once there is room. When the
// file was moved or removed under it, writes fail with Unavailable until it is back. When the
// disk or the file is damaged, the store turns read-only until it is opened again: writes fail at
// once with Unavailable.
class SqliteStore final : public Store, public Backup {
 public:
  struct Options {
    std::string path;
    std::size_t readers = 8;  // connections, at most: reads at the same time
    // For a second process beside a server: takes the file as it is, never makes or upgrades it.
    bool as_it_is = false;
    std::string vfs;  // SQLite's name of a file layer that tests put in; "" = the system's
    BackupLimits backup = {};
    metrics::Registry* metrics = nullptr;  // none: not measured
  };

  // Opens the file, or makes it, and brings its tables up to date; a file of 100,000 manifests
  // takes milliseconds, because nothing is scanned (see check_integrity). NotFound: it is not
  // there, and is to be taken as it is. Corrupt: it is damaged or no SQLite file. Unsupported: it
  // is of a newer program, or of another one, or (as it is) of an older one; it is not changed.
  static Result<std::unique_ptr<SqliteStore>> open(const Options& options, const Clock& clock);

  // Would open() take the file? Reads it as it is, and makes nothing beside it: for one that nobody
  // has open, and whose log is empty. NotFound; Corrupt and Unsupported as open() has them.
  static Result<void> look(const std::string& path);

  // Finishes the writes that wait, then moves the log into the file.
  ~SqliteStore() override;

  Result<void> write(Context& context, const Work& work) override;
  Result<void> read(Context& context, const Look& look) override;
  void listen(Listener& listener) override;
  Backup* backups() override { return this; }

  // `path` is written beside itself as `path.part`, read again (structure, indexes, and how much is
  // in it), synced, and renamed: it is a whole copy or not there. It holds one moment: that of the
  // call, however much is written meanwhile. StorageFull when the disk has not room enough, before
  // anything is written; Timeout, and Unavailable when the log grew too much, past the limits of
  // the options; NotFound without the folder. After an error nothing of the copy is left, but when
  // the folder could not be synced: then it has its name, whole.
  Result<BackupContents> backup(Context& context, const std::string& path) override;

  // Writes a row, so it costs a sync.
  Result<void> check_writable(Context& context) override;

  // Is the file still there, and the one that was opened? Unavailable. A look at its name.
  Result<void> require_present() const;

  // Reads the whole file: Corrupt, with what was found, when its structure is damaged.
  Result<void> check_integrity(Context& context);

 private:
  struct Parts;
  explicit SqliteStore(std::unique_ptr<Parts> parts);
  const std::unique_ptr<Parts> parts_;
};

}  // namespace entrepot::meta::sqlite
