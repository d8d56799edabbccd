#include "audit/sign_ins.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"
#include "crypto/secret.h"
#include "json/writer.h"

namespace entrepot::audit {
namespace {

using events::Event;
using events::EventKind;

constexpr std::chrono::minutes kMinute{1};
constexpr std::size_t kLongestName = 128;

// Could it be a name here? Lower and upper case, digits, ". _ - /", as names of people, robots and
// files have them; no secret of ours.
bool could_be_a_name(std::string_view name) {
  return name.size() <= kLongestName && !name.starts_with(crypto::kSecretStart) &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  std::string_view("._-/").find(c) != std::string_view::npos;
         });
}

std::string detail_of(std::string_view name, std::string_view how, std::uint64_t times) {
  std::string detail;
  json::Writer json(detail);
  json.begin_object();
  if (could_be_a_name(name)) json.member("account", name);
  json.member("how", how);
  if (times != 1) json.member("times", times);
  json.end_object();
  return detail;
}

Event event_of(EventKind kind, const auth::SignInSeen& seen, WallTime now, std::uint64_t times) {
  Event event{.kind = kind, .at = now, .detail = detail_of(seen.name, seen.how, times)};
  event.client = seen.client;
  event.request = seen.request;
  if (kind != EventKind::SignedIn) return event;
  const bool robot = seen.name.find('/') != std::string_view::npos;
  event.actor = {robot ? events::ActorKind::Robot : events::ActorKind::User,
                 std::string(seen.name)};
  return event;
}

}  // namespace

void SignIns::saw(const auth::SignInSeen& seen) noexcept {
  const bool told = had_memory([&] {
    const MutexLock lock(mutex_);
    seen.succeeded ? succeeded(seen) : failed(seen);
  });
  if (told) return;
  const MutexLock lock(mutex_);
  ++uncounted_;
}

void SignIns::succeeded(const auth::SignInSeen& seen) {
  std::string key;
  key.append(seen.name).append(1, '\n').append(seen.how).append(1, '\n').append(seen.client);
  const SteadyTime now = clock_.steady();
  if (told_.size() >= kMostKnown) told_.clear();
  SteadyTime& told_again = told_[std::move(key)];
  if (told_again > now) return;
  told_again = now + kToldAgain;
  add(event_of(EventKind::SignedIn, seen, clock_.wall(), 1));
}

void SignIns::failed(const auth::SignInSeen& seen) {
  const SteadyTime now = clock_.steady();
  if (failures_.size() >= kMostKnown) end_minutes();
  if (failures_.size() >= kMostKnown) {
    ++uncounted_;
    return;
  }
  Failures& failures = failures_[std::string(seen.client)];
  if (failures.times == 0) failures.until = now + kMinute;
  if (++failures.times <= kFailuresTold) {
    add(event_of(EventKind::SignInFailed, seen, clock_.wall(), 1));
  } else {
    failures.name = could_be_a_name(seen.name) ? seen.name : "";
    failures.how = seen.how;
  }
}

void SignIns::add(Event event) {
  if (waiting_.size() < kMostWaiting) {
    waiting_.push_back(std::move(event));
  } else {
    ++uncounted_;
  }
}

void SignIns::end_minutes() {
  const SteadyTime now = clock_.steady();
  for (auto it = failures_.begin(); it != failures_.end();) {
    const auto& [client, failures] = *it;
    if (failures.until > now) {
      ++it;
      continue;
    }
    if (failures.times > kFailuresTold) {
      add(event_of(EventKind::SignInFailed,
                   {.name = failures.name, .how = failures.how, .client = client}, clock_.wall(),
                   failures.times - kFailuresTold));
    }
    it = failures_.erase(it);
  }
}

Result<std::size_t> SignIns::flush(Context& context, meta::Store& store) {
  std::vector<Event> taken;
  std::uint64_t uncounted = 0;
  {
    const MutexLock lock(mutex_);
    end_minutes();
    taken.swap(waiting_);
    uncounted = std::exchange(uncounted_, 0);
  }
  if (uncounted > 0) {
    taken.push_back(event_of(EventKind::SignInFailed, {.how = "not told one by one"}, clock_.wall(),
                             uncounted));
  }
  if (taken.empty()) return std::size_t{0};
  auto written = store.write(context, {[&](meta::Transaction& tx) -> Result<void> {
                                         for (const Event& event : taken) {
                                           TRY(tx.journal().add(event));
                                         }
                                         return {};
                                       },
                                       meta::Weight::Large});
  if (written) return taken.size();
  const MutexLock lock(mutex_);
  if (uncounted > 0) {
    taken.pop_back();
    uncounted_ += uncounted;
  }
  for (Event& event : waiting_) taken.push_back(std::move(event));
  waiting_ = std::move(taken);
  return propagate(std::move(written));
}

}  // namespace entrepot::audit
