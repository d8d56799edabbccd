#pragma once
// mirror/fill.h — one blob on its way here from an upstream.

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/context.h"
#include "base/mutex.h"
#include "base/result.h"
#include "base/source.h"
#include "oci/digest.h"
#include "oci/name.h"
#include "registry/uploads.h"
#include "remote/registry.h"

namespace entrepot::mirror {

// Brings one blob into an upload of its repository, from which others read it meanwhile, and
// commits it. run() is called once, on a thread of its own; whoever waits does so on others. Of a
// blob of up to kVerifiedFirst bytes nothing is to be read before its digest was found right, of a
// longer one the last kHeldBack bytes are held back for that: nobody gets a wrong blob whole.
class Fill final : public remote::BlobTaker {
 public:
  static constexpr std::uint64_t kVerifiedFirst = 1u << 20;
  static constexpr std::uint64_t kHeldBack = 64u << 10;

  struct Order {
    registry::Uploads& uploads;
    remote::Registry& from;
    std::string path;  // what the repository is called there
    oci::RepositoryName repository;
    oci::Digest digest;
  };
  explicit Fill(Order order) : order_(std::move(order)) {}

  // Until the blob is here and durable, or has failed.
  void run();
  // Ends it soon, wherever it is.
  void cancel() { context_.cancel(); }

  // What there is to read already, for a blob that is sent while it comes; null for one that is
  // sent when it is whole (wait_whole()). Waits for the upstream's first bytes. The fill's error;
  // Timeout after `until`; Timeout, Cancelled of the context.
  Result<std::shared_ptr<GrowingFile>> wait_begun(Context& context, SteadyTime until);
  // Until it is in the repository. Likewise.
  Result<void> wait_whole(Context& context, SteadyTime until);

  std::uint64_t taken_bytes() const;
  std::optional<Error> error() const;  // once run() has returned

 private:
  enum class State { Asking, Coming, Whole, Failed };

  // remote::BlobTaker
  Result<void> begin(std::uint64_t size_bytes) override;
  Result<void> take(ByteView piece) override;

  Result<void> bring();
  void over(Result<void> how);
  Result<void> wait(Context& context, SteadyTime until, State past);

  const Order order_;
  Context context_{"mirror"};
  const access::Subject who_{access::SubjectKind::System, 0, "mirror"};
  std::optional<registry::UploadSession> session_;
  std::unique_ptr<blob::Upload> upload_;
  std::uint64_t size_bytes_ = 0;

  mutable Mutex mutex_;
  CondVar changed_;
  State state_ ENTREPOT_GUARDED_BY(mutex_) = State::Asking;
  std::optional<Error> error_ ENTREPOT_GUARDED_BY(mutex_);
  std::shared_ptr<GrowingFile> growing_ ENTREPOT_GUARDED_BY(mutex_);
  std::uint64_t taken_bytes_ ENTREPOT_GUARDED_BY(mutex_) = 0;
};

}  // namespace entrepot::mirror
