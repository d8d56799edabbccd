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
  return !name.empty() && name.size() <= kLongestName && !name.starts_with(crypto::kSecretStart) &&
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
  event.actor = {seen.is_robot ? events::ActorKind::Robot : events::ActorKind::User,
                 std::string(seen.name)};
  return event;
}

}  // namespace

void SignIns::saw(const auth::SignInSeen& seen) noexcept {
  const bool told = had_memory([&] {
    const MutexLock lock(mutex_);
    seen.succeeded ? succeeded(seen) : failed(seen);
  });
  if (told || seen.succeeded) return;
  const MutexLock lock(mutex_);
  ++others_;
}

void SignIns::succeeded(const auth::SignInSeen& seen) {
  std::string key;
  key.append(seen.name).append(1, '\n').append(seen.how).append(1, '\n').append(seen.client);
  const SteadyTime now = clock_.steady();
  const auto known = told_.find(key);
  if (known != told_.end() && known->second > now) return;
  // Without room the next one is told of.
  if (!add(event_of(EventKind::SignedIn, seen, clock_.wall(), 1))) return;
  if (told_.size() >= kMostKnown) told_.clear();
  told_[std::move(key)] = now + kToldAgain;
}

void SignIns::failed(const auth::SignInSeen& seen) {
  end_minute();
  if (failures_.empty() && others_ == 0) minute_ends_ = clock_.steady() + kMinute;
  if (failures_.size() >= kMostKnown && !failures_.contains(std::string(seen.client))) {
    ++others_;
    return;
  }
  Failures& failures = failures_[std::string(seen.client)];
  if (failures.told < kFailuresTold && failures_told_ < kMostTold &&
      add(event_of(EventKind::SignInFailed, seen, clock_.wall(), 1))) {
    ++failures.told;
    ++failures_told_;
    return;
  }
  ++failures.untold;
  failures.name = could_be_a_name(seen.name) ? seen.name : "";
  failures.how = seen.how;
}

bool SignIns::add(Event event) {
  if (waiting_.size() >= kMostWaiting) return false;
  waiting_.push_back(std::move(event));
  return true;
}

// What was not told of one by one.
void SignIns::end_minute() {
  if ((failures_.empty() && others_ == 0) || clock_.steady() < minute_ends_) return;
  std::size_t sums = 0;
  for (const auto& [client, failures] : failures_) {
    if (failures.untold == 0) continue;
    const bool told = sums < kMostTold &&
                      add(event_of(EventKind::SignInFailed,
                                   {.name = failures.name, .how = failures.how, .client = client},
                                   clock_.wall(), failures.untold));
    if (told) {
      ++sums;
    } else {
      others_ += failures.untold;
    }
  }
  failures_.clear();
  failures_told_ = 0;
  const bool told = others_ == 0 ||
                    add(event_of(EventKind::SignInFailed, {.how = "many"}, clock_.wall(), others_));
  if (told) others_ = 0;
  minute_ends_ = clock_.steady() + kMinute;
}

// In front of what came meanwhile.
void SignIns::put_back(std::vector<Event> events) {
  for (Event& event : waiting_) {
    if (events.size() < kMostWaiting) {
      events.push_back(std::move(event));
    } else if (event.kind == EventKind::SignInFailed) {
      ++others_;
    }
  }
  waiting_ = std::move(events);
}

Result<std::size_t> SignIns::flush(Context& context, meta::Store& store) {
  std::vector<Event> taken;
  {
    const MutexLock lock(mutex_);
    end_minute();
    taken.swap(waiting_);
  }
  if (taken.empty()) return std::size_t{0};
  const auto add_all = [&](meta::Transaction& tx) -> Result<void> {
    for (const Event& event : taken) TRY(tx.journal().add(event));
    return {};
  };
  auto written = store.write(context, {add_all, meta::Weight::Large});
  if (written) return taken.size();
  const MutexLock lock(mutex_);
  put_back(std::move(taken));
  return propagate(std::move(written));
}

}  // namespace entrepot::audit
