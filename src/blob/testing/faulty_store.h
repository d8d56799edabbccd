#pragma once
// blob/testing/faulty_store.h — a BlobStore that fails on demand.

#include <cstddef>
#include <memory>
#include <optional>

#include "base/mutex.h"
#include "blob/store.h"

namespace entrepot::blob::testing {

// Passes every call on to another store, and fails those that a test asks for. The calls of the
// store and of its uploads (write, pause, commit) are counted together, in the order in which they
// come. Thread-safe. The other store must outlive this, and this its uploads.
//
//   for (std::size_t n = 1;; ++n) {          // fail each call in turn, until all went well
//     faulty.fail_call(n, ErrorCode::Unavailable);
//     …
//     if (faulty.calls() < n) break;
//   }
class FaultyBlobStore final : public BlobStore {
 public:
  enum class When {
    Before,  // nothing is done
    After,   // it is done, but the answer is an error: as when the program dies before it hears
  };

  explicit FaultyBlobStore(BlobStore& inner) : inner_(inner) {}

  // The n-th call from now on fails, n = 1 being the next; only that one. Forgets earlier faults.
  void fail_call(std::size_t nth, ErrorCode code, When when = When::Before);
  // The n-th call and all after it fail.
  void fail_from(std::size_t nth, ErrorCode code, When when = When::Before);
  // No call fails.
  void heal();

  // Calls since the last fail_call(), fail_from() or heal().
  std::size_t calls() const;

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

 private:
  friend class FaultyUpload;

  struct Fault {
    std::size_t nth = 0;
    ErrorCode code = ErrorCode::Internal;
    When when = When::Before;
    bool lasting = false;
  };

  void set(std::optional<Fault> fault);

  // Counts a call; the fault that it shall meet.
  std::optional<Fault> next();

  // `call`, unless it is its turn to fail.
  template <class Call>
  auto attempt(const Call& call) -> decltype(call());

  std::unique_ptr<Upload> wrap(const UploadId& id, std::unique_ptr<Upload> upload);

  BlobStore& inner_;
  mutable Mutex mutex_;
  std::optional<Fault> fault_ ENTREPOT_GUARDED_BY(mutex_);
  std::size_t calls_ ENTREPOT_GUARDED_BY(mutex_) = 0;
};

}  // namespace entrepot::blob::testing
