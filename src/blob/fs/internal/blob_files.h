#pragma once
// blob/fs/internal/blob_files.h — the blobs at rest: one file each, named by its sha256.

#include <array>
#include <atomic>
#include <optional>
#include <string>

#include "base/clock.h"
#include "blob/fs/internal/files.h"
#include "blob/fs/internal/folders.h"
#include "blob/store.h"

namespace entrepot::blob::fs {

// What is below docker/registry/v2/blobs/sha256, and the quarantine. Digests are sha256's; the
// methods are those of BlobStore, where their promises are written. Thread-safe; blocks.
class BlobFiles {
 public:
  BlobFiles(Files& files, const Folders& folders, const Clock& clock)
      : files_(files), folders_(folders), clock_(clock) {}

  // Makes the directories, durably.
  Result<void> prepare();

  // Makes the file `from`, whose bytes are synced, the blob `digest`, in place of what was there.
  // Durable on return. After an error the blob may be there, whole; `from` may be there or not.
  Result<void> place(const std::string& from, const Digest& digest);

  Result<Stat> stat(const Digest& digest) const;
  Result<Source> open(const Digest& digest) const;
  Result<void> remove(const Digest& digest);
  Result<void> quarantine(const Digest& digest);
  Result<void> purge_quarantine(Context& context, const PurgeTerms& terms, Purged& purged);
  Result<void> list(Context& context, const std::optional<Digest>& after,
                    const BlobStore::Visitor& visit) const;

 private:
  Result<void> ensure_prefix(const Digest& digest);
  Result<void> rename_into_place(const std::string& from, const Digest& digest);
  Result<void> set_aside(const Digest& digest);
  Result<void> drop_empty_directory(const Digest& digest);
  Result<bool> list_prefix(Context& context, std::size_t prefix, const std::optional<Digest>& after,
                           const BlobStore::Visitor& visit) const;

  Files& files_;
  const Folders& folders_;
  const Clock& clock_;
  // Which of the 256 directories ab/ are there for good: made and synced, by this process.
  std::array<std::atomic<bool>, 256> prefix_is_durable_ = {};
};

// Makes each directory of `path`, one below the other, and syncs each one's parent: of a directory
// that was there already it is not known whether its name ever reached the disk.
Result<void> make_durable_directories(Files& files, std::string_view path);

}  // namespace entrepot::blob::fs
