#include "http/memory.h"

#include <utility>

#include "base/check.h"

namespace entrepot::http {
namespace {

constexpr std::chrono::milliseconds kLookAgain{10};  // meanwhile somebody may have become slow

}  // namespace

// --- Shares --------------------------------------------------------------------------------------

MemoryAccount::Share::Share(Share&& other) noexcept { *this = std::move(other); }

MemoryAccount::Share& MemoryAccount::Share::operator=(Share&& other) noexcept {
  if (this == &other) return *this;
  give_back();
  account_ = std::exchange(other.account_, nullptr);
  at_ = other.at_;
  return *this;
}

bool MemoryAccount::Share::grow_to(std::size_t bytes) {
  std::vector<GiveWay> calls;
  {
    MemoryAccount& account = *account_;
    const MutexLock lock(account.mutex_);
    if (bytes <= at_->bytes) return true;
    const std::size_t more = bytes - at_->bytes;
    if (account.held_bytes_ + more <= account.limit_bytes_ / 2) {
      at_->bytes = bytes;
      account.held_bytes_ += more;
      account.changed_ = true;
      account.held_gauge_.add(static_cast<std::int64_t>(more));
      return true;
    }
    calls = account.ask_slowest(more);
  }
  for (const GiveWay& call : calls) call();
  return false;
}

void MemoryAccount::Share::moved(std::size_t bytes) {
  const MutexLock lock(account_->mutex_);
  Entry& entry = *at_;
  const std::int64_t now = account_->this_second();
  if (entry.second != now) {
    entry.moved_before_bytes = entry.second == now - 1 ? entry.moved_bytes : 0;
    entry.moved_bytes = 0;
    entry.second = now;
  }
  entry.moved_bytes += bytes;
}

void MemoryAccount::Share::stays() {
  const MutexLock lock(account_->mutex_);
  at_->give_way = nullptr;
}

void MemoryAccount::Share::give_back() {
  if (account_ != nullptr) std::exchange(account_, nullptr)->release(at_);
}

// --- The account ---------------------------------------------------------------------------------

MemoryAccount::MemoryAccount(std::size_t limit_bytes, metrics::Registry& metrics,
                             const Clock& clock)
    : limit_bytes_(limit_bytes),
      clock_(clock),
      held_gauge_(metrics.gauge("entrepot_http_memory_held_bytes",
                                "Memory of bodies that are collected and answers not read yet")),
      work_gauge_(metrics.gauge("entrepot_http_memory_work_bytes",
                                "Memory set aside for parsing, listing and reading")),
      waiting_gauge_(metrics.gauge("entrepot_http_memory_waiting",
                                   "Requests that wait for memory on a thread")),
      gave_way_(metrics.counter("entrepot_http_memory_gave_way_total",
                                "Slow bodies and readers that were ended for others")),
      refused_(metrics.counter("entrepot_http_memory_refused_total",
                               "Requests that waited too long for memory")) {}

MemoryAccount::~MemoryAccount() { CHECK(entries_.empty()); }

MemoryAccount::Entries::iterator MemoryAccount::add(Entry entry) {
  entry.opened = clock_.steady();
  entry.second = this_second();
  const std::size_t bytes = entry.bytes;
  entries_.push_back(std::move(entry));
  changed_ = true;
  (entries_.back().is_work ? work_bytes_ : held_bytes_) += bytes;
  (entries_.back().is_work ? work_gauge_ : held_gauge_).add(static_cast<std::int64_t>(bytes));
  return std::prev(entries_.end());
}

MemoryAccount::Share MemoryAccount::open(GiveWay give_way) {
  const MutexLock lock(mutex_);
  Entry entry;
  entry.give_way = std::move(give_way);
  return {this, add(std::move(entry))};
}

MemoryAccount::Share MemoryAccount::hold(const SharedBytes& body, GiveWay give_way) {
  std::vector<GiveWay> calls;
  Share share;
  {
    const MutexLock lock(mutex_);
    Group& group = groups_[body.get()];
    group.key = body.get();
    group.body = body;
    ++group.answers;
    Entry entry;
    entry.group = &group;
    entry.give_way = std::move(give_way);
    share = {this, add(std::move(entry))};
    calls = ask_slowest(0);
  }
  for (const GiveWay& call : calls) call();
  return share;
}

MemoryAccount::Share MemoryAccount::try_work(std::size_t bytes) {
  const MutexLock lock(mutex_);
  Entry entry;
  entry.is_work = true;
  entry.bytes = std::min(bytes, limit_bytes_ / 2);
  if (held_bytes_ + work_bytes_ + entry.bytes > limit_bytes_) return {};
  return {this, add(std::move(entry))};
}

Result<MemoryAccount::Share> MemoryAccount::take_work(Context& context, std::size_t bytes) {
  if (Share share = try_work(bytes)) return share;
  const SteadyTime deadline = clock_.steady() + kPatience;
  waiting_gauge_.add(1);
  Result<Share> taken = fail(ErrorCode::Unavailable, "no memory became free in time");
  while (clock_.steady() < deadline) {
    if (auto alive = context.alive(); !alive) {
      taken = propagate(std::move(alive));
      break;
    }
    std::vector<GiveWay> calls;
    {
      const MutexLock lock(mutex_);
      freed_.wait_for(mutex_, kLookAgain);
      calls = ask_slowest(0);
    }
    for (const GiveWay& call : calls) call();
    if (Share share = try_work(bytes)) {
      taken = std::move(share);
      break;
    }
  }
  waiting_gauge_.add(-1);
  if (!taken) refused_.add();
  return taken;
}

void MemoryAccount::call_when_free(std::function<void()> wake) {
  const MutexLock lock(mutex_);
  waiters_.push_back(std::move(wake));
}

void MemoryAccount::release(Entries::iterator at) {
  std::vector<std::function<void()>> waiters;
  GiveWay last;  // what it holds on to may end with it: outside of the lock
  {
    const MutexLock lock(mutex_);
    last = std::move(at->give_way);
    if (Group* group = at->group; group != nullptr && --group->answers == 0) {
      groups_.erase(group->key);
    }
    (at->is_work ? work_bytes_ : held_bytes_) -= at->bytes;
    (at->is_work ? work_gauge_ : held_gauge_).add(-static_cast<std::int64_t>(at->bytes));
    const bool held_group = at->group != nullptr;
    entries_.erase(at);
    changed_ = true;
    if (held_group) recount();
    waiters.swap(waiters_);
  }
  freed_.notify_all();
  for (const auto& wake : waiters) wake();
}

std::size_t MemoryAccount::used_bytes() const {
  const MutexLock lock(mutex_);
  return held_bytes_ + work_bytes_;
}

// --- Who gives way -------------------------------------------------------------------------------

std::int64_t MemoryAccount::this_second() const {
  return std::chrono::floor<std::chrono::seconds>(clock_.steady().time_since_epoch()).count();
}

std::size_t MemoryAccount::speed_of(const Entry& entry) const {
  const std::int64_t age = this_second() - entry.second;
  if (age > 1) return 0;
  return entry.moved_bytes + (age == 0 ? entry.moved_before_bytes : 0);
}

// Whether a cache holds a body as well changes without our being told.
void MemoryAccount::recount() {
  held_bytes_ = 0;
  leaving_bytes_ = 0;
  for (auto& [key, group] : groups_) {
    const auto body = group.body.lock();
    const bool ours_alone = body != nullptr && body.use_count() - 1 <= group.answers;
    group.bytes = ours_alone ? body->size() : 0;
    group.may_be_asked = false;
    held_bytes_ += group.bytes;
  }
  for (const Entry& entry : entries_) {
    if (entry.is_work) continue;
    held_bytes_ += entry.bytes;
    if (!entry.leaves) continue;
    leaving_bytes_ += entry.bytes;
    if (entry.group != nullptr && !std::exchange(entry.group->may_be_asked, true)) {
      leaving_bytes_ += entry.group->bytes;
    }
  }
  held_gauge_.set(static_cast<std::int64_t>(held_bytes_));
}

// Asks as many as it takes for `wanted_bytes` more to be held; the caller calls them without the
// lock. A thousand who wait want the same one after the other: nothing has changed then, and nobody
// is looked at again.
std::vector<MemoryAccount::GiveWay> MemoryAccount::ask_slowest(std::size_t wanted_bytes) {
  std::vector<GiveWay> calls;
  const SteadyTime now = clock_.steady();
  if (!changed_ && wanted_bytes <= looked_for_bytes_ && now < look_again_) return calls;
  changed_ = false;
  looked_for_bytes_ = wanted_bytes;
  look_again_ = now + kLookAgain;
  recount();
  while (held_bytes_ + wanted_bytes > limit_bytes_ / 2 + leaving_bytes_) {
    const Candidate slowest = find_slowest();
    if (slowest.entry == nullptr) break;
    ask(slowest, calls);
  }
  return calls;
}

// A body that is shared is free when the fastest of its readers is.
MemoryAccount::Candidate MemoryAccount::find_slowest() {
  const SteadyTime now = clock_.steady();
  for (auto& [key, group] : groups_) {
    group.may_be_asked = group.bytes > 0;
    group.speed = 0;
  }
  for (const Entry& entry : entries_) {
    if (entry.group == nullptr) continue;
    if (!entry.give_way || entry.opened + kGrace > now) entry.group->may_be_asked = false;
    entry.group->speed = std::max(entry.group->speed, speed_of(entry));
  }
  Candidate slowest;
  for (Entry& entry : entries_) {
    if (!entry.give_way || entry.opened + kGrace > now) continue;
    if (entry.group != nullptr && !entry.group->may_be_asked) continue;
    const std::size_t frees = entry.group != nullptr ? entry.group->bytes : entry.bytes;
    const std::size_t speed = entry.group != nullptr ? entry.group->speed : speed_of(entry);
    if (frees == 0 || (slowest.entry != nullptr && slowest.speed <= speed)) continue;
    slowest = {&entry, speed, frees};  // of equally slow ones the oldest
  }
  return slowest;
}

void MemoryAccount::ask(const Candidate& slowest, std::vector<GiveWay>& calls) {
  leaving_bytes_ += slowest.frees_bytes;
  const Group* const group = slowest.entry->group;
  for (Entry& entry : entries_) {
    const bool is_meant = group != nullptr ? entry.group == group : &entry == slowest.entry;
    if (!is_meant) continue;
    calls.push_back(std::exchange(entry.give_way, nullptr));
    entry.leaves = true;
    gave_way_.add();
  }
}

}  // namespace entrepot::http
