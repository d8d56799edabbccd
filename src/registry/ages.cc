#include "registry/ages.h"

#include <charconv>

namespace entrepot::registry {

using std::chrono::microseconds;

Result<void> Ages::look(Context& context) {
  if (!kept_is_read_) TRY(read_kept(context));
  TRY_ASSIGN(const ClockLook now, watch_.look(context));
  {
    const MutexLock lock(mutex_);
    note(now);
  }
  if (now.jump != microseconds(0)) TRY(keep(context));
  return watch_.settle(context, now);
}

// A clock that is put back takes the jumps back that led beyond it.
void Ages::note(const ClockLook& now) {
  last_ = Moment{now.wall, now.steady};
  microseconds by = now.jump;
  while (by < microseconds(0) && !jumps_.empty() && jumps_.back().to > now.wall) {
    by += jumps_.back().by;
    jumps_.pop_back();
  }
  if (by > microseconds(0)) jumps_.push_back({now.wall, by});
  if (jumps_.size() > kMostJumps) jumps_.erase(jumps_.begin());
}

WallTime Ages::before(microseconds age) const {
  const MutexLock lock(mutex_);
  const WallTime now = clock_.wall();
  WallTime before = now - age;
  if (last_) {
    const auto passed = std::chrono::duration_cast<microseconds>(clock_.steady() - last_->steady);
    const microseconds jump = now - last_->wall - passed;
    if (jump > kClockTolerance) before -= jump;
  }
  // From the newest back: one that lies between then and now was no time that passed.
  for (auto jump = jumps_.rbegin(); jump != jumps_.rend(); ++jump) {
    if (jump->to > before) before -= jump->by;
  }
  return before;
}

// "<to>:<by> …", microseconds.
Result<void> Ages::keep(Context& context) {
  std::string text;
  {
    const MutexLock lock(mutex_);
    for (const Jump& jump : jumps_) {
      text += fmt::format("{}:{} ", to_unix_micros(jump.to), jump.by.count());
    }
  }
  return meta_.write(context, [&](meta::Transaction& tx) { return tx.settings().set(key_, text); });
}

Result<void> Ages::read_kept(Context& context) {
  TRY_ASSIGN(const auto text,
             if_there(meta_.view<std::string>(context, [&](const meta::Snapshot& snapshot) {
               return snapshot.settings().get(key_);
             })));
  kept_is_read_ = true;
  if (!text) return {};
  const char* at = text->data();
  const char* const end = at + text->size();
  const MutexLock lock(mutex_);
  while (at != end) {
    std::int64_t to = 0;
    std::int64_t by = 0;
    const auto first = std::from_chars(at, end, to);
    if (first.ec != std::errc() || first.ptr == end || *first.ptr != ':') return {};
    const auto second = std::from_chars(first.ptr + 1, end, by);
    if (second.ec != std::errc() || second.ptr == end || *second.ptr != ' ') return {};
    jumps_.push_back({from_unix_micros(to), microseconds(by)});
    at = second.ptr + 1;
  }
  return {};
}

}  // namespace entrepot::registry
