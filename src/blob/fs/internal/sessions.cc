#include "blob/fs/internal/sessions.h"

#include <algorithm>
#include <optional>
#include <utility>

#include "base/log.h"
#include "base/memory.h"
#include "blob/fs/internal/layout.h"

namespace entrepot::blob::fs {

namespace {

void set_reached(Session& session) ENTREPOT_REQUIRES(session.mutex) {
  const MutexLock lock(session.progress_mutex);
  session.reached = session.file->progress();
}

}  // namespace

std::shared_ptr<Session> SessionTable::find(const UploadId& id) const {
  const MutexLock lock(mutex_);
  const auto found = sessions_.find(id.str());
  return found == sessions_.end() ? nullptr : found->second;
}

std::shared_ptr<Session> SessionTable::find_or_add(const UploadId& id) {
  const MutexLock lock(mutex_);
  auto& session = sessions_[id.str()];
  if (!session) session = std::make_shared<Session>();
  return session;
}

void SessionTable::forget(const UploadId& id, const Session& session) {
  const MutexLock lock(mutex_);
  const auto found = sessions_.find(id.str());
  if (found != sessions_.end() && found->second.get() == &session) sessions_.erase(found);
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
    const bool told = had_memory([&] {
      session_->mutex.assert_held();
      if (const auto saved = break_off(); !saved) {
        log::warning("upload {} will have to be read again: {}", id_.str(), saved.error());
      }
    });
    if (!told && may_write()) sessions_.end(id_, *session_);
  }

  std::uint64_t offset_bytes() const override { return session_->offset_bytes; }

  Digest digest() const override {
    const Sessions::Held held = hold();
    return session_->file->digest();
  }

  std::shared_ptr<const OpenFile> file() const override {
    const Sessions::Held held = hold();
    return session_->file->file();
  }

  Result<void> write(Context&, ByteView piece) override {
    const Sessions::Held held = hold();
    TRY(require_pen());
    auto written = append(piece);
    if (written) return {};
    session_->file->discard();
    sessions_.end(id_, *session_);
    return sessions_.note_full(std::move(written));
  }

  Result<void> pause(Context&) override {
    const Sessions::Held held = hold();
    TRY(require_pen());
    return sessions_.note_full(put_away());
  }

  // Without the mutex while it reads.
  Result<void> verify(Context& context, const Digest& expected) override {
    std::optional<UploadFile::Reading> reading;
    {
      const Sessions::Held held = hold();
      TRY(require_pen());
      if (session_->file->knows(expected.algorithm())) return settle(expected);
      reading.emplace(session_->file->reading());
    }
    auto actual = reading->run(context, expected.algorithm(), [this]() -> Result<void> {
      return session_->over || session_->writer != number_ ? lost_pen() : Result<void>();
    });
    const Sessions::Held held = hold();
    TRY(require_pen());
    if (!actual) {
      static_cast<void>(sessions_.note_full(break_off()));
      return propagate(std::move(actual));
    }
    session_->file->note(*actual, reading->size_bytes);
    return settle(expected);
  }

  Result<Stored> commit(Context& context, const Digest& expected) override {
    TRY(verify(context, expected));
    const Sessions::Held held = hold();
    TRY(require_pen());
    TRY(settle(expected));
    // Whatever happens in there, and be it that memory runs out: what the file is now may be a
    // blob, to which nobody goes on writing.
    const Ending ending{sessions_, id_, *session_};
    return sessions_.note_full(session_->file->publish());
  }

 private:
  struct Ending {
    Sessions& sessions;
    const UploadId& id;
    Session& session;
    ~Ending() { sessions.end(id, session); }  // which is held
  };
  Result<void> append(ByteView piece) ENTREPOT_REQUIRES(session_->mutex) {
    TRY(sessions_.reserve_.require());
    TRY(session_->file->append(piece));
    session_->offset_bytes = session_->file->offset_bytes();
    set_reached(*session_);
    return {};
  }
  // The session, until what is returned ends.
  Sessions::Held hold() const ENTREPOT_ASSERTS(session_->mutex) {
    return {sessions_, id_, session_};
  }
  bool may_write() const { return !session_->over && session_->writer == number_; }
  Result<void> require_pen() const {
    if (may_write()) return {};
    return lost_pen();
  }
  Result<void> lost_pen() const {
    return fail(ErrorCode::Cancelled, "upload {} has ended, or a newer request goes on with it",
                id_.str());
  }
  // What check() says. A session with other bytes is kept, even if that fails: without a saved
  // state, its bytes are read again.
  Result<void> settle(const Digest& expected) ENTREPOT_REQUIRES(session_->mutex) {
    auto checked = session_->file->check(expected);
    if (!checked) return lost_pen();  // bytes came behind those that were read
    if (*checked) {
      session_->file->note(expected, session_->file->offset_bytes());
    } else {
      static_cast<void>(sessions_.note_full(break_off()));
    }
    return *std::move(checked);
  }
  Result<void> put_away() ENTREPOT_REQUIRES(session_->mutex) {
    auto saved = session_->file->save();
    session_->file->stamp();
    sessions_.end(id_, *session_);
    return saved;
  }
  // Its request came to nothing, and somebody may have been told already where to go on.
  Result<void> break_off() ENTREPOT_REQUIRES(session_->mutex) {
    auto back = sessions_.go_back(*session_);
    if (back) return put_away();
    sessions_.end(id_, *session_);
    return back;
  }

  Sessions& sessions_;
  const UploadId id_;
  const std::shared_ptr<Session> session_;
  const std::uint64_t number_;
};

Result<void> Sessions::prepare() {
  return make_durable_directories(settings_.files, layout::kUploads);
}

// What there is no memory to remove stays until it is purged.
Sessions::Held::~Held() {
  if (!session) return;
  session->mutex.unlock();
  static_cast<void>(had_memory([this] { sessions_.remove_cancelled(id_, *session); }));
}

// The session of `id`, held, and sure to be the one in the table.
Result<Sessions::Held> Sessions::hold(const UploadId& id) {
  for (;;) {
    auto session = table_.find_or_add(id);
    if (session->waiting.fetch_add(1) >= kMostWaiting) {
      session->waiting.fetch_sub(1);
      return fail(ErrorCode::Conflict, "upload {} is busy with other requests", id.str());
    }
    Held held(*this, id, session);
    session->waiting.fetch_sub(1);
    if (!session->over) return held;
    table_.forget(id, *session);
  }
}

// Makes `file` what is written from now on, by the upload that is returned and by none before it.
std::unique_ptr<Upload> Sessions::hand_out(const UploadId& id, Held held,
                                           std::unique_ptr<UploadFile> file) {
  Session& session = *held.session;
  session.mutex.assert_held();
  session.file = std::move(file);
  session.offset_bytes = session.file->offset_bytes();
  const std::uint64_t number = ++session.writer;
  std::unique_ptr<Upload> upload;
  const bool made = had_memory([&] {
    session.mutex.assert_held();
    set_reached(session);
    upload = std::make_unique<FsUpload>(*this, id, held.session, number);
  });
  if (made) return upload;
  end(id, session);  // nobody would
  throw std::bad_alloc();
}

// Needs no memory.
void Sessions::end(const UploadId& id, Session& session) {
  session.over = true;
  {
    const MutexLock lock(session.progress_mutex);
    session.reached.reset();
    session.told.reset();
  }
  if (session.file) session.file->close();
  table_.forget(id, session);
}

// To what somebody was told, if anybody was. Who asks from now on is told the same.
Result<void> Sessions::go_back(Session& session) {
  std::optional<Progress> told;
  {
    const MutexLock lock(session.progress_mutex);
    told = std::exchange(session.told, std::nullopt);
    if (told) session.reached = told;
  }
  if (!told) return {};
  return session.file->go_back(*std::move(told));
}

Result<std::unique_ptr<Upload>> Sessions::start(const UploadId& id, HashAlgorithm also) {
  TRY(reserve_.require());
  TRY_ASSIGN(Held held, hold(id));
  held.session->mutex.assert_held();
  auto file = UploadFile::create(settings_, id, also);
  if (!file) {
    end(id, *held.session);
    return propagate(note_full(std::move(file)));
  }
  return hand_out(id, std::move(held), *std::move(file));
}

Result<std::unique_ptr<Upload>> Sessions::resume(Context& context, const UploadId& id) {
  TRY_ASSIGN(Held held, hold(id));
  held.session->mutex.assert_held();
  // An older writer hands over what it has open.
  if (held.session->file) {
    if (auto settled = go_back(*held.session); !settled) {
      held.session->file->discard();
      end(id, *held.session);
      return propagate(note_full(std::move(settled)));
    }
    auto file = std::move(held.session->file);
    return hand_out(id, std::move(held), std::move(file));
  }
  auto file = UploadFile::open(context, settings_, id, held.session->is_read);
  if (!file) {
    end(id, *held.session);
    return propagate(note_full(std::move(file)));
  }
  return hand_out(id, std::move(held), *std::move(file));
}

Result<std::uint64_t> Sessions::offset(Context& context, const UploadId& id) {
  if (const auto session = table_.find(id)) {
    const MutexLock lock(session->progress_mutex);
    if (session->cancelled) return fail(ErrorCode::NotFound, "upload {} has ended", id.str());
    if (session->reached) {
      session->told = session->reached;
      return session->told->offset_bytes;
    }
    if (session->is_read) {
      return fail(ErrorCode::Unavailable, "upload {} is being read again", id.str());
    }
  }
  TRY_ASSIGN(const Held held, hold(id));
  held.session->mutex.assert_held();
  if (held.session->file) {
    const MutexLock lock(held.session->progress_mutex);
    held.session->told = held.session->reached;
    return held.session->told->offset_bytes;
  }
  auto offset = find_offset(context, id, *held.session);
  end(id, *held.session);
  return note_full(std::move(offset));
}

// Of a session that nobody has open.
Result<std::uint64_t> Sessions::find_offset(Context& context, const UploadId& id,
                                            Session& session) {
  TRY_ASSIGN(const auto known, UploadFile::offset_on_disk(settings_, id));
  if (known) return *known;
  TRY_ASSIGN(const auto file, UploadFile::open(context, settings_, id, session.is_read));
  TRY(file->save());  // so that it was read for the last time
  return file->offset_bytes();
}

Result<void> Sessions::cancel(const UploadId& id) {
  for (;;) {
    auto session = table_.find_or_add(id);
    if (!session->mutex.try_lock()) {
      session->cancelled = true;
      remove_cancelled(id, *session);
      return {};
    }
    const Held held(*this, id, session, std::adopt_lock);
    session->mutex.assert_held();
    if (session->over) {
      table_.forget(id, *session);
      continue;
    }
    auto removed = UploadFile::remove(settings_, id);
    end(id, *session);
    return removed;
  }
}

// Asked for by cancel(), which waits for no disk. Whoever comes last, that call or the one who held
// the mutex, finds it free.
void Sessions::remove_cancelled(const UploadId& id, Session& session) {
  if (!session.cancelled) return;
  if (!session.mutex.try_lock()) return;
  const MutexLock lock(session.mutex, std::adopt_lock);
  if (!session.cancelled.exchange(false)) return;
  if (!session.over) return remove_held(id, session);
  // It was put away just before. A newer one of that id, if there is one by now, is left alone.
  const auto away = table_.find_or_add(id);
  if (!away->mutex.try_lock()) return;
  const MutexLock held(away->mutex, std::adopt_lock);
  if (!away->over && !away->file) remove_held(id, *away);
}

void Sessions::remove_held(const UploadId& id, Session& session) {
  const auto removed = if_there(UploadFile::remove(settings_, id));
  if (!removed) {
    log::warning("the bytes of upload {} stay until they are purged: {}", id.str(),
                 removed.error());
  }
  end(id, session);
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
  if (table_.find(id) != nullptr) return std::nullopt;
  TRY_ASSIGN(const auto found, if_there(settings_.files.stat(layout::upload_file(id))));
  return found ? found->modified : WallTime::min();
}

// False when it went on since, somebody works on it, or it has gone already.
Result<bool> Sessions::purge_one(const UploadId& id, WallTime silent_since) {
  auto session = table_.find_or_add(id);
  if (!session->mutex.try_lock()) return false;
  const Held held(*this, id, session, std::adopt_lock);
  session->mutex.assert_held();
  if (session->over || session->file) return false;
  auto result = [&]() -> Result<bool> {
    TRY_ASSIGN(const auto found, if_there(settings_.files.stat(layout::upload_file(id))));
    if (found && found->modified > silent_since) return false;
    // False: only the state of a session was left of it, or not even that any more.
    return if_there(UploadFile::remove(settings_, id));
  }();
  end(id, *session);
  return result;
}

}  // namespace entrepot::blob::fs
