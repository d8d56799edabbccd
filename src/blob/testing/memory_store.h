#pragma once
// blob/testing/memory_store.h — a BlobStore in memory, for the tests of those who use one.

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/mutex.h"
#include "blob/store.h"
#include "crypto/hash.h"

namespace entrepot::blob::testing {

// Keeps every promise of BlobStore but durability. Thread-safe. Must outlive its uploads.
class MemoryBlobStore final : public BlobStore {
 public:
  explicit MemoryBlobStore(const Clock& clock = Clock::system()) : clock_(clock) {}

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

  // What a broken disk would do: the blob's bytes become these, its name stays. The blob is there.
  void damage(const Digest& digest, Bytes bytes);

 private:
  friend class MemoryUpload;

  struct Session {
    Bytes bytes;
    WallTime written_at;
    std::uint64_t writer = 0;         // the number of the newest writer; 0: put away
    std::optional<std::size_t> told;  // the offset that upload_offset() told while one writes

    void put_away();
    void go_back();  // to what was told
  };

  // Cancelled unless `writer` is the session's.
  Result<Session*> session_of(const UploadId& id, std::uint64_t writer) ENTREPOT_REQUIRES(mutex_);

  const Clock& clock_;
  Mutex mutex_;
  std::map<Digest, SharedBytes> blobs_ ENTREPOT_GUARDED_BY(mutex_);
  std::map<UploadId, Session> sessions_ ENTREPOT_GUARDED_BY(mutex_);
  std::uint64_t writers_ ENTREPOT_GUARDED_BY(mutex_) = 0;
};

}  // namespace entrepot::blob::testing
