#include "blob/testing/faulty_store.h"

#include <utility>

namespace entrepot::blob::testing {

namespace {

Failure injected(ErrorCode code) { return fail(code, "a fault that a test asked for"); }

}  // namespace

template <class Call>
auto FaultyBlobStore::attempt(const Call& call) -> decltype(call()) {
  const auto fault = next();
  if (fault && fault->when == When::Before) return injected(fault->code);
  auto result = call();
  if (fault && result) return injected(fault->code);
  return result;
}

class FaultyUpload final : public Upload {
 public:
  FaultyUpload(FaultyBlobStore& store, const UploadId& id, std::unique_ptr<Upload> inner)
      : store_(store), id_(id), inner_(std::move(inner)) {}

  std::uint64_t offset_bytes() const override { return inner_->offset_bytes(); }
  Digest digest() const override { return inner_->digest(); }
  std::shared_ptr<const OpenFile> file() const override { return inner_->file(); }

  Result<void> write(Context& context, ByteView piece) override {
    return end_if_lost(context, store_.attempt([&] { return inner_->write(context, piece); }));
  }
  Result<void> pause(Context& context) override {
    return store_.attempt([&] { return inner_->pause(context); });
  }
  // A part of commit(), which counts.
  Result<void> verify(Context& context, const Digest& expected) override {
    return inner_->verify(context, expected);
  }
  Result<Stored> commit(Context& context, const Digest& expected) override {
    return end_if_lost(context, store_.attempt([&] { return inner_->commit(context, expected); }));
  }

 private:
  // Upload promises that the session is gone after these errors.
  template <class T>
  Result<T> end_if_lost(Context& context, Result<T> result) {
    if (!result && (result.error().code == ErrorCode::StorageFull ||
                    result.error().code == ErrorCode::Unavailable)) {
      static_cast<void>(store_.inner_.cancel(context, id_));
    }
    return result;
  }

  FaultyBlobStore& store_;
  const UploadId id_;
  const std::unique_ptr<Upload> inner_;
};

void FaultyBlobStore::set(std::optional<Fault> fault) {
  const MutexLock lock(mutex_);
  fault_ = fault;
  calls_ = 0;
}

void FaultyBlobStore::fail_call(std::size_t nth, ErrorCode code, When when) {
  set(Fault{nth, code, when, false});
}

void FaultyBlobStore::fail_from(std::size_t nth, ErrorCode code, When when) {
  set(Fault{nth, code, when, true});
}

void FaultyBlobStore::heal() { set(std::nullopt); }

std::size_t FaultyBlobStore::calls() const {
  const MutexLock lock(mutex_);
  return calls_;
}

std::optional<FaultyBlobStore::Fault> FaultyBlobStore::next() {
  const MutexLock lock(mutex_);
  ++calls_;
  if (!fault_ || calls_ < fault_->nth) return std::nullopt;
  if (calls_ > fault_->nth && !fault_->lasting) return std::nullopt;
  return fault_;
}

std::unique_ptr<Upload> FaultyBlobStore::wrap(const UploadId& id, std::unique_ptr<Upload> upload) {
  return std::make_unique<FaultyUpload>(*this, id, std::move(upload));
}

Result<Stat> FaultyBlobStore::stat(Context& context, const Digest& digest) {
  return attempt([&] { return inner_.stat(context, digest); });
}

Result<Source> FaultyBlobStore::open(Context& context, const Digest& digest) {
  return attempt([&] { return inner_.open(context, digest); });
}

Result<std::unique_ptr<Upload>> FaultyBlobStore::start(Context& context, const UploadId& id,
                                                       HashAlgorithm also) {
  TRY_ASSIGN(auto upload, attempt([&] { return inner_.start(context, id, also); }));
  return wrap(id, std::move(upload));
}

Result<std::unique_ptr<Upload>> FaultyBlobStore::resume(Context& context, const UploadId& id) {
  TRY_ASSIGN(auto upload, attempt([&] { return inner_.resume(context, id); }));
  return wrap(id, std::move(upload));
}

Result<std::uint64_t> FaultyBlobStore::upload_offset(Context& context, const UploadId& id) {
  return attempt([&] { return inner_.upload_offset(context, id); });
}

Result<void> FaultyBlobStore::cancel(Context& context, const UploadId& id) {
  return attempt([&] { return inner_.cancel(context, id); });
}

Result<void> FaultyBlobStore::remove(Context& context, const Digest& digest) {
  return attempt([&] { return inner_.remove(context, digest); });
}

Result<void> FaultyBlobStore::quarantine(Context& context, const Digest& digest) {
  return attempt([&] { return inner_.quarantine(context, digest); });
}

Result<void> FaultyBlobStore::list(Context& context, const std::optional<Digest>& after,
                                   const Visitor& visit) {
  return attempt([&] { return inner_.list(context, after, visit); });
}

Result<Purged> FaultyBlobStore::purge(Context& context, const PurgeTerms& terms) {
  return attempt([&] { return inner_.purge(context, terms); });
}

Result<void> FaultyBlobStore::check_writable(Context& context) {
  return attempt([&] { return inner_.check_writable(context); });
}

Result<void> FaultyBlobStore::require_room(Context& context) {
  return attempt([&] { return inner_.require_room(context); });
}

}  // namespace entrepot::blob::testing
