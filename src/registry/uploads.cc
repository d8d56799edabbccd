#include "registry/uploads.h"

#include <algorithm>

#include "registry/home.h"
#include "registry/verify.h"

namespace entrepot::registry {

using oci::Digest;
using oci::RepositoryName;

namespace {

// Of most_sessions, what goes at once when room is needed.
constexpr std::size_t kRoomShare = 64;

// Counts as open for as long as it lives.
class CountedUpload final : public blob::Upload {
 public:
  CountedUpload(std::unique_ptr<blob::Upload> upload, metrics::Gauge& open,
                std::unique_ptr<WholeWriters::Writer> whole)
      : whole_(std::move(whole)), upload_(std::move(upload)), open_(open) {
    open_.add(1);
  }
  ~CountedUpload() override { open_.add(-1); }

  std::uint64_t offset_bytes() const override { return upload_->offset_bytes(); }
  Digest digest() const override { return upload_->digest(); }
  std::shared_ptr<const OpenFile> file() const override { return upload_->file(); }
  Result<void> write(Context& context, ByteView piece) override {
    return upload_->write(context, piece);
  }
  Result<void> pause(Context& context) override { return upload_->pause(context); }
  Result<void> verify(Context& context, const Digest& expected) override {
    return upload_->verify(context, expected);
  }
  Result<blob::Stored> commit(Context& context, const Digest& expected) override {
    return upload_->commit(context, expected);
  }

 private:
  const std::unique_ptr<WholeWriters::Writer> whole_;  // outlives the upload, which goes back first
  const std::unique_ptr<blob::Upload> upload_;
  metrics::Gauge& open_;
};

}  // namespace

Uploads::Uploads(Stores stores, Quarantine& quarantine, Options options, metrics::Registry& metrics)
    : stores_(stores),
      quarantine_(quarantine),
      options_(options),
      open_(metrics.gauge("entrepot_uploads_open", "Uploads that a request is writing now.")),
      sessions_(metrics.gauge("entrepot_uploads_sessions",
                              "Uploads that have bytes, whether or not one writes them now.")),
      evicted_(metrics.counter("entrepot_uploads_evicted_total",
                               "Uploads dropped to make room for others.")),
      ages_(stores_.meta, stores_.even, "uploads.clock") {}

UploadSession Uploads::begin(const RepositoryName& repository, oci::HashAlgorithm also) const {
  return UploadSession{repository, blob::UploadId::random(), stores_.even.wall(), also};
}

// Of a session without a byte, nothing but its location tells whether it was purged.
Result<void> Uploads::require_young(const UploadSession& session) const {
  if (session.started_at >= ages_.before(options_.session_age)) return {};
  return fail(ErrorCode::NotFound, "upload {} began too long ago", session.id.str());
}

Result<void> Uploads::require_open(const UploadSession& session) const {
  const MutexLock lock(mutex_);
  if (ended_.contains(session.id.str())) {
    return fail(ErrorCode::NotFound, "upload {} has ended", session.id.str());
  }
  return {};
}

void Uploads::remember_end(const blob::UploadId& id, WallTime started_at) {
  const MutexLock lock(mutex_);
  const auto [ended, is_new] = ended_.insert(id.str());
  if (!is_new) return;
  ended_order_.push_back({&*ended, started_at});
  if (ended_order_.size() <= kRemembered) return;
  const Remembered& oldest = ended_order_.front();
  if (remembered_from_) remembered_from_ = std::max(*remembered_from_, oldest.started_at);
  ended_.erase(ended_.find(*oldest.id));
  ended_order_.pop_front();
}

Result<void> Uploads::record_end(meta::Transaction& tx, const UploadSession& session,
                                 const std::optional<Digest>& digest) const {
  if (!session.is_told) return {};
  return tx.ended_uploads().add(
      {session.id.str(), session.started_at, stores_.even.wall(), digest});
}

// At first the time up to which the processes before this one have left records.
Result<WallTime> Uploads::remembered_from(Context& context) {
  {
    const MutexLock lock(mutex_);
    if (remembered_from_) return *remembered_from_;
  }
  TRY_ASSIGN(const auto youngest,
             if_there(stores_.meta.view<WallTime>(context, [](const meta::Snapshot& snapshot) {
               return snapshot.ended_uploads().youngest();
             })));
  const MutexLock lock(mutex_);
  if (!remembered_from_) remembered_from_ = youngest.value_or(WallTime::min());
  return *remembered_from_;
}

Result<meta::EndedUpload> Uploads::ending(Context& context, const UploadSession& session) const {
  auto ended = stores_.meta.view<meta::EndedUpload>(context, [&](const meta::Snapshot& snapshot) {
    return snapshot.ended_uploads().find(session.id.str(), session.started_at);
  });
  TRY_ASSIGN(const bool found, is_there(ended));
  if (found) return ended;
  if (require_open(session)) return ended;
  return meta::EndedUpload{session.id.str(), session.started_at, stores_.even.wall(), std::nullopt};
}

// For a session that has no bytes: it may have ended in a process before this one.
Result<void> Uploads::require_not_ended(Context& context, const UploadSession& session) {
  if (!session.is_told) return {};
  TRY_ASSIGN(const WallTime from, remembered_from(context));
  if (session.started_at > from) return require_open(session);
  TRY_ASSIGN(const bool ended, is_there(ending(context, session)));
  if (ended) return fail(ErrorCode::NotFound, "upload {} has ended", session.id.str());
  return {};
}

Result<std::uint64_t> Uploads::offset(Context& context, const UploadSession& session) {
  TRY(require_open(session));
  if (const auto began = whole_writers_.offset_of(session.id)) return *began;
  TRY_ASSIGN(const auto offset, if_there(stores_.blobs.upload_offset(context, session.id)));
  if (offset) return *offset;
  TRY(require_young(session));
  TRY(require_not_ended(context, session));
  return 0;
}

Result<std::unique_ptr<blob::Upload>> Uploads::open(Context& context, const UploadSession& session,
                                                    Unfinished unfinished) {
  TRY(require_open(session));
  auto upload = stores_.blobs.resume(context, session.id);
  if (!upload && upload.error().code == ErrorCode::NotFound) {
    TRY(require_young(session));
    TRY(require_not_ended(context, session));
    TRY(make_room(context));
    upload = stores_.blobs.start(context, session.id, session.also);
    if (upload) sessions_.add(1);
  }
  if (!upload) return upload;
  std::unique_ptr<WholeWriters::Writer> whole;
  whole_writers_.forget(session.id);
  if (unfinished == Unfinished::Drop) {
    // What was told is where the store goes back to.
    TRY_ASSIGN(const auto offset, stores_.blobs.upload_offset(context, session.id));
    whole = whole_writers_.add(session.id, offset);
  }
  return std::make_unique<CountedUpload>(*std::move(upload), open_, std::move(whole));
}

Result<blob::Stored> Uploads::commit(Context& context, const access::Subject& who,
                                     const UploadSession& session, blob::Upload& upload,
                                     const Digest& expected) {
  TRY(upload.verify(context, expected));  // may read for long, so before others wait for the lock
  const MutexLock lock(stores_.locks.of(upload.digest()));
  TRY_ASSIGN(const blob::Stored stored, upload.commit(context, expected));
  sessions_.add(-1);
  if (session.is_told) remember_end(session.id, session.started_at);
  const WallTime now = stores_.even.wall();
  const meta::Blob blob{stored.digest, stored.size_bytes};
  const auto alias = expected == stored.digest ? std::nullopt : std::optional(expected);
  TRY(stores_.meta.write(context, [&](meta::Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const auto repository, home_of(tx, stores_, who, session.repository));
    TRY(tx.blobs().record(blob, alias, now));
    TRY(tx.blobs().link(repository.id, stored.digest, now));
    TRY(record_end(tx, session, expected));
    // Until a manifest refers to it, the blob waits for the collector; one that waits already,
    // for the sake of another repository, waits anew.
    TRY_ASSIGN(const bool used, tx.manifests().used_anywhere(stored.digest));
    TRY_ASSIGN(const bool waits, tx.reviews().contains(stored.digest));
    if (used && !waits) return {};
    return tx.reviews().push_back(stored.digest, now + options_.review_delay);
  }));
  return stored;
}

Result<void> Uploads::cancel(Context& context, const UploadSession& session) {
  TRY(require_open(session));
  TRY(require_not_ended(context, session));
  // First the record: bytes that stay behind are purged, a session that goes on would be wrong.
  if (session.is_told) {
    TRY(stores_.meta.write(
        context, [&](meta::Transaction& tx) { return record_end(tx, session, std::nullopt); }));
  }
  if (session.is_told) remember_end(session.id, session.started_at);
  TRY_ASSIGN(const bool had_bytes, if_there(stores_.blobs.cancel(context, session.id)));
  if (!had_bytes) return require_young(session);
  sessions_.add(-1);
  return {};
}

Result<std::vector<RepositoryName>> Uploads::holders(Context& context, const Digest& digest) const {
  return stores_.meta.view<std::vector<RepositoryName>>(
      context, [&](const meta::Snapshot& snapshot) {
        return snapshot.repositories().having(digest, kMostHolders);
      });
}

Result<meta::Blob> Uploads::mount(Context& context, const access::Subject& who,
                                  const RepositoryName& repository,
                                  const std::optional<RepositoryName>& from, const Digest& digest) {
  const WallTime now = stores_.even.wall();
  const auto find = [&](const meta::Blobs& blobs) {
    return from ? blobs.find(*from, digest) : blobs.find_anywhere(digest);
  };
  // Asked outside the writer first: most mounts that fail should not wait for a commit.
  TRY_ASSIGN(const auto there,
             stores_.meta.view<meta::Blob>(
                 context, [&](const meta::Snapshot& snapshot) { return find(snapshot.blobs()); }));
  TRY_ASSIGN(const auto sighting, look_at(context, stores_.blobs, there));
  if (sighting) {
    TRY(quarantine_.blob(context, there.digest, *sighting));
    return fail(ErrorCode::NotFound, "blob {} is damaged here", digest.to_string());
  }
  TRY_ASSIGN(
      auto blob,
      stores_.meta.transact<meta::Blob>(context, [&](meta::Transaction& tx) -> Result<meta::Blob> {
        TRY_ASSIGN(auto found, find(tx.blobs()));
        TRY_ASSIGN(const auto target, home_of(tx, stores_, who, repository));
        TRY(tx.blobs().link(target.id, found.digest, now));
        TRY_ASSIGN(const bool waiting, tx.reviews().contains(found.digest));
        if (waiting) {
          TRY(tx.reviews().push_back(found.digest, now + options_.review_delay));
        }
        return found;
      }));
  return blob;
}

Result<blob::Purged> Uploads::drop(Context& context, const blob::PurgeTerms& terms) {
  TRY_ASSIGN(auto purged, stores_.blobs.purge(context, terms));
  sessions_.set(static_cast<std::int64_t>(purged.uploads_left));
  counted_ = true;
  return purged;
}

Result<std::size_t> Uploads::purge(Context& context) {
  TRY(ages_.look(context));
  const blob::PurgeTerms terms{.uploads_before = ages_.before(options_.session_age)};
  TRY_ASSIGN(const auto purged, drop(context, terms));
  return purged.uploads.size();
}

Result<void> Uploads::count(Context& context) {
  TRY(drop(context, {}));
  return {};
}

// Looking at all sessions is for more than one newcomer: those that were silent for nearly as long
// as the first go with it.
Result<void> Uploads::make_room(Context& context) {
  const auto most = static_cast<std::int64_t>(options_.most_sessions);
  if (counted_ && sessions_.value() < most) return {};
  const MutexLock lock(room_mutex_);
  if (counted_ && sessions_.value() < most) return {};  // the one before made it
  if (!counted_) TRY(count(context));
  if (sessions_.value() < most) return {};
  const std::size_t left = options_.most_sessions - 1 - options_.most_sessions / kRoomShare;
  TRY_ASSIGN(const auto purged, drop(context, {.most_uploads = left}));
  evicted_.add(purged.uploads.size());
  for (const blob::UploadId& id : purged.uploads) {
    remember_end(id, WallTime::min());  // when it began, nobody knows any more
  }
  if (purged.uploads_left < options_.most_sessions) return {};
  return fail(ErrorCode::Unavailable, "{} uploads are being written already", purged.uploads_left);
}

Result<bool> Uploads::purge_ended(Context& context, std::size_t limit) {
  const auto kept =
      std::clamp<std::chrono::microseconds>(options_.session_age, kLeastEndKept, kMostEndKept);
  const WallTime before = ages_.before(kept);
  return stores_.meta.transact<bool>(context, [&](meta::Transaction& tx) -> Result<bool> {
    TRY_ASSIGN(const std::size_t purged, tx.ended_uploads().purge(before, limit));
    return purged == limit;
  });
}

}  // namespace entrepot::registry
