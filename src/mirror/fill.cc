#include "mirror/fill.h"

#include <algorithm>

#include "base/memory.h"

namespace entrepot::mirror {
namespace {

constexpr std::chrono::milliseconds kLook{200};

}  // namespace

void Fill::run() {
  Result<void> how = fail(ErrorCode::Unavailable, "no memory to bring {}", order_.path);
  if (!had_memory([&] { how = bring(); })) how = fail(ErrorCode::Unavailable, "no memory");
  over(std::move(how));
}

Result<void> Fill::bring() {
  session_ = order_.uploads.begin(order_.repository, order_.digest.algorithm());
  session_->is_told = false;
  TRY_ASSIGN(upload_,
             order_.uploads.open(context_, *session_, registry::Uploads::Unfinished::Drop));
  TRY(order_.from.blob(context_, order_.path, order_.digest, *this));
  if (upload_->offset_bytes() != size_bytes_) {
    return fail(ErrorCode::Unavailable, "{}: {} of {} bytes came", order_.digest.to_string(),
                upload_->offset_bytes(), size_bytes_);
  }
  auto stored = order_.uploads.commit(context_, who_, *session_, *upload_, order_.digest);
  if (stored) return {};
  if (stored.error().code == ErrorCode::DigestMismatch) {
    return fail(ErrorCode::Unavailable, "the upstream sent other bytes than {}",
                order_.digest.to_string());
  }
  return propagate(std::move(stored));
}

Result<void> Fill::begin(std::uint64_t size_bytes) {
  size_bytes_ = size_bytes;
  return {};
}

Result<void> Fill::take(ByteView piece) {
  if (piece.size() > size_bytes_ - std::min(size_bytes_, upload_->offset_bytes())) {
    return fail(ErrorCode::Unavailable, "{}: more than its {} bytes came",
                order_.digest.to_string(), size_bytes_);
  }
  TRY(upload_->write(context_, piece));
  const std::uint64_t taken = upload_->offset_bytes();
  std::shared_ptr<GrowingFile> growing;
  {
    const MutexLock lock(mutex_);
    taken_bytes_ = taken;
    if (state_ == State::Asking) {
      state_ = State::Coming;
      if (auto file = upload_->file(); file != nullptr && size_bytes_ > kVerifiedFirst) {
        growing_ = std::make_shared<GrowingFile>(std::move(file), size_bytes_);
      }
      changed_.notify_all();
    }
    growing = growing_;
  }
  if (growing) growing->grow(std::min(taken, size_bytes_ - kHeldBack));
  return {};
}

void Fill::over(Result<void> how) {
  upload_.reset();
  std::shared_ptr<GrowingFile> growing;
  {
    const MutexLock lock(mutex_);
    state_ = how ? State::Whole : State::Failed;
    if (!how) error_ = how.error();
    growing = std::move(growing_);
    changed_.notify_all();
  }
  if (!growing) return;
  if (how) {
    growing->grow(size_bytes_);
  } else {
    growing->fail(how.error());
  }
}

// Until it is past that state.
Result<void> Fill::wait(Context& context, SteadyTime until, State past) {
  MutexLock lock(mutex_);
  while (state_ <= past) {
    TRY(context.alive());
    const SteadyTime now = std::chrono::steady_clock::now();
    if (now >= until) {
      return fail(ErrorCode::Timeout, "{} has not come in time from its upstream",
                  order_.digest.to_string());
    }
    changed_.wait_until(mutex_, std::min(until, now + kLook));
  }
  if (error_) return Failure(*error_);
  return {};
}

Result<std::shared_ptr<GrowingFile>> Fill::wait_begun(Context& context, SteadyTime until) {
  TRY(wait(context, until, State::Asking));
  const MutexLock lock(mutex_);
  return growing_;
}

Result<void> Fill::wait_whole(Context& context, SteadyTime until) {
  return wait(context, until, State::Coming);
}

std::uint64_t Fill::taken_bytes() const {
  const MutexLock lock(mutex_);
  return taken_bytes_;
}

std::optional<Error> Fill::error() const {
  const MutexLock lock(mutex_);
  return error_;
}

}  // namespace entrepot::mirror
