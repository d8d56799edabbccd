#include "blob/testing/memory_store.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/check.h"

namespace entrepot::blob::testing {

namespace {

Failure no_blob(const Digest& digest) {
  return fail(ErrorCode::NotFound, "no blob {}", digest.to_string());
}

Failure no_session(const UploadId& id) {
  return fail(ErrorCode::NotFound, "no upload {}", id.str());
}

Result<void> require_sha256(const Digest& digest) {
  if (digest.algorithm() == HashAlgorithm::Sha256) return {};
  return fail(ErrorCode::InvalidArgument, "{} is not a sha256", digest.to_string());
}

}  // namespace

// Hashes only when asked: tests write little.
class MemoryUpload final : public Upload {
 public:
  MemoryUpload(MemoryBlobStore& store, const UploadId& id, std::uint64_t writer, Bytes so_far)
      : store_(store), id_(id), writer_(writer), bytes_(std::move(so_far)) {}

  ~MemoryUpload() override {
    const MutexLock lock(store_.mutex_);
    const auto session = store_.session_of(id_, writer_);
    if (!session) return;
    (*session)->go_back();
    (*session)->put_away();
  }

  std::uint64_t offset_bytes() const override { return bytes_.size(); }
  Digest digest() const override { return Digest::of(bytes_); }
  std::shared_ptr<const OpenFile> file() const override { return nullptr; }

  Result<void> write(Context&, ByteView piece) override {
    const MutexLock lock(store_.mutex_);
    TRY_ASSIGN(auto* const session, store_.session_of(id_, writer_));
    session->bytes += piece;
    session->written_at = store_.clock_.wall();
    bytes_ += piece;
    return {};
  }

  Result<void> pause(Context&) override {
    const MutexLock lock(store_.mutex_);
    TRY_ASSIGN(auto* const session, store_.session_of(id_, writer_));
    session->put_away();
    return {};
  }

  Result<void> verify(Context&, const Digest& expected) override {
    const MutexLock lock(store_.mutex_);
    TRY_ASSIGN(auto* const session, store_.session_of(id_, writer_));
    const Digest actual = Digest::of(bytes_, expected.algorithm());
    if (actual != expected) {
      session->go_back();
      session->put_away();
      return fail(ErrorCode::DigestMismatch, "the bytes are {}, not {}", actual.to_string(),
                  expected.to_string());
    }
    return {};
  }

  Result<Stored> commit(Context& context, const Digest& expected) override {
    TRY(verify(context, expected));
    const MutexLock lock(store_.mutex_);
    TRY_ASSIGN(auto* const session, store_.session_of(id_, writer_));
    const Stored stored{digest(), bytes_.size()};
    store_.blobs_[stored.digest] = std::make_shared<const Bytes>(std::move(session->bytes));
    store_.sessions_.erase(id_);
    return stored;
  }

 private:
  MemoryBlobStore& store_;
  const UploadId id_;
  const std::uint64_t writer_;
  Bytes bytes_;
};

void MemoryBlobStore::Session::put_away() {
  writer = 0;
  told.reset();
}

void MemoryBlobStore::Session::go_back() {
  if (told) bytes.resize(*told);
  told.reset();
}

Result<MemoryBlobStore::Session*> MemoryBlobStore::session_of(const UploadId& id,
                                                              std::uint64_t writer) {
  const auto found = sessions_.find(id);
  if (found == sessions_.end() || found->second.writer != writer) {
    return fail(ErrorCode::Cancelled, "upload {} has ended, or a newer request goes on with it",
                id.str());
  }
  return &found->second;
}

Result<Stat> MemoryBlobStore::stat(Context&, const Digest& digest) {
  TRY(require_sha256(digest));
  const MutexLock lock(mutex_);
  const auto found = blobs_.find(digest);
  if (found == blobs_.end()) return no_blob(digest);
  return Stat{found->second->size()};
}

Result<Source> MemoryBlobStore::open(Context&, const Digest& digest) {
  TRY(require_sha256(digest));
  const MutexLock lock(mutex_);
  const auto found = blobs_.find(digest);
  if (found == blobs_.end()) return no_blob(digest);
  return Source(found->second);
}

Result<std::unique_ptr<Upload>> MemoryBlobStore::start(Context&, const UploadId& id,
                                                       HashAlgorithm /*also*/) {
  const MutexLock lock(mutex_);
  sessions_.insert_or_assign(id, Session{Bytes(), clock_.wall(), ++writers_, {}});
  return std::make_unique<MemoryUpload>(*this, id, writers_, Bytes());
}

Result<std::unique_ptr<Upload>> MemoryBlobStore::resume(Context&, const UploadId& id) {
  const MutexLock lock(mutex_);
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return no_session(id);
  found->second.go_back();
  found->second.writer = ++writers_;
  return std::make_unique<MemoryUpload>(*this, id, writers_, found->second.bytes);
}

Result<std::uint64_t> MemoryBlobStore::upload_offset(Context&, const UploadId& id) {
  const MutexLock lock(mutex_);
  const auto found = sessions_.find(id);
  if (found == sessions_.end()) return no_session(id);
  Session& session = found->second;
  if (session.writer != 0) session.told = session.bytes.size();
  return session.bytes.size();
}

Result<void> MemoryBlobStore::cancel(Context&, const UploadId& id) {
  const MutexLock lock(mutex_);
  if (sessions_.erase(id) == 0) return no_session(id);
  return {};
}

Result<void> MemoryBlobStore::remove(Context&, const Digest& digest) {
  TRY(require_sha256(digest));
  const MutexLock lock(mutex_);
  if (blobs_.erase(digest) == 0) return no_blob(digest);
  return {};
}

Result<void> MemoryBlobStore::quarantine(Context& context, const Digest& digest) {
  return remove(context, digest);
}

Result<void> MemoryBlobStore::list(Context& context, const std::optional<Digest>& after,
                                   const Visitor& visit) {
  if (after) TRY(require_sha256(*after));
  std::vector<Stored> found;
  {
    const MutexLock lock(mutex_);
    auto next = after ? blobs_.upper_bound(*after) : blobs_.begin();
    for (; next != blobs_.end(); ++next) found.push_back({next->first, next->second->size()});
  }
  for (const Stored& stored : found) {
    TRY(context.alive());
    if (!visit(stored)) break;
  }
  return {};
}

Result<Purged> MemoryBlobStore::purge(Context&, const PurgeTerms& terms) {
  const MutexLock lock(mutex_);
  std::vector<std::pair<WallTime, UploadId>> silent;
  for (const auto& [id, session] : sessions_) {
    if (session.writer == 0) silent.emplace_back(session.written_at, id);
  }
  std::sort(silent.begin(), silent.end());
  Purged purged;
  for (const auto& [written_at, id] : silent) {
    const bool old = terms.uploads_before && written_at < *terms.uploads_before;
    const bool over = terms.most_uploads && sessions_.size() > *terms.most_uploads;
    if (!old && !over) break;
    sessions_.erase(id);
    purged.uploads.push_back(id);
  }
  purged.uploads_left = sessions_.size();
  return purged;
}

Result<void> MemoryBlobStore::check_writable(Context&) { return {}; }

Result<void> MemoryBlobStore::require_room(Context&) { return {}; }

void MemoryBlobStore::damage(const Digest& digest, Bytes bytes) {
  const MutexLock lock(mutex_);
  const auto found = blobs_.find(digest);
  CHECK(found != blobs_.end());
  found->second = std::make_shared<const Bytes>(std::move(bytes));
}

}  // namespace entrepot::blob::testing
