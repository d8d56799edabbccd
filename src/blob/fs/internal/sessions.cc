#include "blob/fs/internal/sessions.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/log.h"
#include "blob/fs/internal/layout.h"

namespace entrepot::blob::fs {

std::shared_ptr<Session> SessionTable::find_or_add(const UploadId& id) {
  const std::lock_guard lock(mutex_);
  auto& session = sessions_[id.str()];
  if (!session) session = std::make_shared<Session>();
  return session;
}

void SessionTable::forget(const UploadId& id, const Session& session) {
  const std::lock_guard lock(mutex_);
  const auto found = sessions_.find(id.str());
  if (found != sessions_.end() && found->second.get() == &session) sessions_.erase(found);
}

bool SessionTable::is_open(const UploadId& id) const {
  const std::lock_guard lock(mutex_);
  return sessions_.contains(id.str());
}

// A writer of a session: it holds the pen until a newer one comes, or the session is put away.
class FsUpload final : public Upload {
 public:
  FsUpload(Sessions& sessions, const UploadId& id, std::shared_ptr<Session> session,
           std::uint64_t number)
      : sessions_(sessions), id_(id), session_(std::move(session)), number_(number) {}

  ~FsUpload() override {
    const Sessions::Held held = hold();
    if (!may_write()) return;
    // Its request broke off, and somebody may have been told already where to go on.
    auto saved = session_->file->go_back();
    if (saved) saved = session_->file->save();
    sessions_.end(id_, held);
    if (!saved) {
      log::warning("upload {} will have to be read again: {}", id_.str(), saved.error());
    }
  }

  std::uint64_t offset_bytes() const override { return session_->offset_bytes; }

  Digest digest() const override {
    const Sessions::Held held = hold();
    return session_->file->digest();
  }

  Result<void> write(Context&, ByteView piece) override {
    const Sessions::Held held = hold();
    TRY(require_pen());
    auto written = sessions_.reserve_.require();
    if (written) written = session_->file->append(piece);
    if (written) {
      session_->offset_bytes = session_->file->offset_bytes();
      return {};
    }
    session_->file->discard();
    sessions_.end(id_, held);
    return sessions_.note_full(std::move(written));
  }

  Result<void> pause(Context&) override {
    const Sessions::Held held = hold();
    TRY(require_pen());
    return sessions_.note_full(put_away(held));
  }

  Result<Stored> commit(Context& context, const Digest& expected) override {
    const Sessions::Held held = hold();
    TRY(require_pen());
    if (auto verified = session_->file->verify(context, expected); !verified) {
      // Kept even if that fails: without a saved state, its bytes are read again.
      static_cast<void>(sessions_.note_full(put_away(held)));
      return propagate(std::move(verified));
    }
    auto stored = session_->file->publish();
    sessions_.end(id_, held);
    return sessions_.note_full(std::move(stored));
  }

 private:
  Sessions::Held hold() const { return {session_, std::unique_lock(session_->mutex)}; }
  bool may_write() const { return !session_->over && session_->writer == number_; }
  Result<void> require_pen() const {
    if (may_write()) return {};
    return fail(ErrorCode::Cancelled, "upload {} has ended, or a newer request goes on with it",
                id_.str());
  }
  Result<void> put_away(const Sessions::Held& held) {
    auto saved = session_->file->save();
    sessions_.end(id_, held);
    return saved;
  }

  Sessions& sessions_;
  const UploadId id_;
  const std::shared_ptr<Session> session_;
  const std::uint64_t number_;
};

Result<void> Sessions::prepare() {
  return make_durable_directories(settings_.files, layout::kUploads);
}

// The session of `id`, held, and sure to be the one in the table.
Sessions::Held Sessions::hold(const UploadId& id) {
  for (;;) {
    Held held{table_.find_or_add(id), {}};
    held.lock = std::unique_lock(held.session->mutex);
    if (!held.session->over) return held;
    table_.forget(id, *held.session);
  }
}

// Makes `file` what is written from now on, by the upload that is returned and by none before it.
std::unique_ptr<Upload> Sessions::hand_out(const UploadId& id, Held held,
                                           std::unique_ptr<UploadFile> file) {
  Session& session = *held.session;
  session.file = std::move(file);
  session.offset_bytes = session.file->offset_bytes();
  const std::uint64_t number = ++session.writer;
  return std::make_unique<FsUpload>(*this, id, held.session, number);
}

void Sessions::end(const UploadId& id, const Held& held) {
  held.session->over = true;
  if (held.session->file) held.session->file->close();
  table_.forget(id, *held.session);
}

Result<std::unique_ptr<Upload>> Sessions::start(const UploadId& id, HashAlgorithm also) {
  TRY(reserve_.require());
  Held held = hold(id);
  auto file = UploadFile::create(settings_, id, also);
  if (!file) {
    end(id, held);
    return propagate(note_full(std::move(file)));
  }
  return hand_out(id, std::move(held), *std::move(file));
}

Result<std::unique_ptr<Upload>> Sessions::resume(Context& context, const UploadId& id) {
  Held held = hold(id);
  // An older writer hands over what it has open.
  if (held.session->file) {
    if (auto settled = held.session->file->go_back(); !settled) {
      held.session->file->discard();
      end(id, held);
      return propagate(note_full(std::move(settled)));
    }
    auto file = std::move(held.session->file);
    return hand_out(id, std::move(held), std::move(file));
  }
  auto file = UploadFile::open(context, settings_, id);
  if (!file) {
    end(id, held);
    return propagate(note_full(std::move(file)));
  }
  return hand_out(id, std::move(held), *std::move(file));
}

Result<std::uint64_t> Sessions::offset(Context& context, const UploadId& id) {
  const Held held = hold(id);
  if (held.session->file) return held.session->file->tell_offset();
  auto offset = [&]() -> Result<std::uint64_t> {
    TRY_ASSIGN(const auto known, UploadFile::offset_on_disk(settings_, id));
    if (known) return *known;
    TRY_ASSIGN(const auto file, UploadFile::open(context, settings_, id));
    TRY(file->save());  // so that it was read for the last time
    return file->offset_bytes();
  }();
  end(id, held);
  return note_full(std::move(offset));
}

Result<void> Sessions::cancel(const UploadId& id) {
  const Held held = hold(id);
  auto removed = UploadFile::remove(settings_, id);
  end(id, held);
  return removed;
}

Result<void> Sessions::purge(Context& context, const PurgeTerms& terms, Purged& purged) {
  TRY_ASSIGN(const auto names, settings_.files.list(std::string(layout::kUploads)));
  std::vector<UploadId> ids;
  for (const std::string& name : names) {
    // The files of one session stand side by side.
    const auto id = layout::parse_upload_name(name);
    if (id && (ids.empty() || ids.back() != *id)) ids.push_back(*id);
  }
  purged.uploads_left = ids.size();
  const bool too_many = terms.most_uploads && ids.size() > *terms.most_uploads;
  if (!terms.uploads_before && !too_many) return {};

  std::vector<std::pair<WallTime, UploadId>> silent;
  for (const UploadId& id : ids) {
    TRY(context.alive());
    TRY_ASSIGN(const auto since, silent_since(id));
    if (since) silent.emplace_back(*since, id);
  }
  std::sort(silent.begin(), silent.end());
  for (const auto& [since, id] : silent) {
    const bool old = terms.uploads_before && since < *terms.uploads_before;
    const bool over = terms.most_uploads && purged.uploads_left > *terms.most_uploads;
    if (!old && !over) break;
    TRY(context.alive());
    TRY_ASSIGN(const bool gone, purge_one(id, since));
    if (!gone) continue;
    purged.uploads.push_back(id);
    --purged.uploads_left;
  }
  return {};
}

// When the last byte came; nullopt while somebody writes. Of a session without bytes only its state
// was left, which counts as silent since ever.
Result<std::optional<WallTime>> Sessions::silent_since(const UploadId& id) {
  if (table_.is_open(id)) return std::nullopt;
  const auto found = settings_.files.stat(layout::upload_file(id));
  if (found) return found->modified;
  if (found.error().code == ErrorCode::NotFound) return WallTime::min();
  return Failure(found.error());
}

// False when it went on since, or has gone already.
Result<bool> Sessions::purge_one(const UploadId& id, WallTime silent_since) {
  const Held held = hold(id);
  if (held.session->file) return false;
  auto result = [&]() -> Result<bool> {
    auto found = settings_.files.stat(layout::upload_file(id));
    if (found && found->modified > silent_since) return false;
    if (!found && found.error().code != ErrorCode::NotFound) return propagate(std::move(found));
    auto removed = UploadFile::remove(settings_, id);
    if (removed) return true;
    // Only the state of a session was left of it, or not even that any more.
    if (removed.error().code == ErrorCode::NotFound) return false;
    return propagate(std::move(removed));
  }();
  end(id, held);
  return result;
}

}  // namespace entrepot::blob::fs
