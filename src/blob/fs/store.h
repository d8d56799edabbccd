#pragma once
// blob/fs/store.h — blobs as files in a directory, laid out as the distribution registry does.

#include <cstdint>
#include <memory>
#include <string>

#include "base/clock.h"
#include "blob/store.h"

namespace entrepot::blob::fs {

class Disk;

// The BlobStore on a file system. The blobs of an existing registry:2 directory are used in place;
// docs/formats/blob-layout.md draws what lies where. One process at a time may have a directory
// open (its owner takes the lock).
//
// A blob is durable when commit() returns: bytes synced, then renamed over the final name, then the
// directories synced. A full disk refuses pushes with StorageFull until there is space again, and
// meanwhile leaves a reserve for deletes and metadata. While the folders of the blobs or the
// uploads are gone from under it, every call fails with Unavailable, so that nobody takes what is
// away for what is lost; it goes on when they are back. Directories and files are made for their
// owner alone.
class FsBlobStore final : public BlobStore {
 public:
  struct Options {
    std::string directory = {};  // of the data; must exist

    // What stamps sessions that fall silent and what is set aside: by it PurgeTerms are told.
    const Clock* clock = &Clock::system();

    // Held back for the time when the disk is full; 0: nothing.
    std::uint64_t reserve_bytes = std::uint64_t{64} << 20;

    // The disk begins to write an upload out each time so many bytes are complete, so that commit()
    // waits for the last of them only. 0: everything is left to commit().
    std::uint64_t writeback_step_bytes = std::uint64_t{8} << 20;

    // For tests: what changes the disk (null: the system calls), and what tells one start of the
    // machine from another (empty: the kernel's boot id).
    Disk* disk = nullptr;
    std::string boot_id = {};
  };

  // NotFound when the directory is not there; StorageFull, Unavailable when what belongs into it
  // cannot be made.
  static Result<std::unique_ptr<FsBlobStore>> open(const Options& options);
  ~FsBlobStore() override;  // the uploads are gone by then

  Result<Stat> stat(Context& context, const Digest& digest) override;
  Result<Source> open(Context& context, const Digest& digest) override;
  Result<std::unique_ptr<Upload>> start(Context& context, const UploadId& id,
                                        HashAlgorithm also) override;
  Result<std::unique_ptr<Upload>> resume(Context& context, const UploadId& id) override;
  Result<std::uint64_t> upload_offset(Context& context, const UploadId& id) override;
  Result<void> cancel(Context& context, const UploadId& id) override;
  Result<void> remove(Context& context, const Digest& digest) override;
  Result<void> quarantine(Context& context, const Digest& digest) override;
  Result<void> list(Context& context, const std::optional<Digest>& after,
                    const Visitor& visit) override;
  Result<Purged> purge(Context& context, const PurgeTerms& terms) override;
  Result<void> check_writable(Context& context) override;
  Result<void> require_room(Context& context) override;

  // Is the folder of the blobs still there, and the one that was opened? Unavailable. One look.
  Result<void> require_present() const;

  // For those who write to the same disk, the metadata above all: they found it full. Frees the
  // reserve for them and refuses pushes, until there is space again.
  void disk_is_full();

 private:
  struct Parts;
  explicit FsBlobStore(std::unique_ptr<Parts> parts);

  const std::unique_ptr<Parts> parts_;
};

}  // namespace entrepot::blob::fs
