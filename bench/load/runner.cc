#include "load/runner.h"

#include <sys/epoll.h>
#include <unistd.h>

namespace entrepot::bench {

using std::chrono::duration_cast;
using std::chrono::microseconds;
using std::chrono::nanoseconds;

std::optional<std::uint64_t> Work::draw() {
  const std::uint64_t number = next.fetch_add(1);
  if (pace.hold) return number;
  if (pace.once && number >= plan.size()) return std::nullopt;
  if (!pace.once && Clock::now() >= end) return std::nullopt;
  if (pace.rate > 0 && due(number) >= end) return std::nullopt;
  return number;
}

Work::Clock::time_point Work::due(std::uint64_t number) const {
  return start +
         nanoseconds(static_cast<std::int64_t>(static_cast<double>(number) / pace.rate * 1e9));
}

void Outcome::merge(const Outcome& other) {
  latencies.merge(other.latencies);
  tally.requests += other.tally.requests;
  tally.errors += other.tally.errors;
  tally.received_bytes += other.tally.received_bytes;
  tally.sent_bytes += other.tally.sent_bytes;
  if (tally.first_error.empty()) tally.first_error = other.tally.first_error;
}

Runner::Runner(const Target& target, Work& work, std::size_t connections, unsigned seed)
    : work_(work), random_(seed), poll_(::epoll_create1(EPOLL_CLOEXEC)) {
  for (std::size_t i = 0; i < connections; ++i) {
    slots_.push_back({std::make_unique<Client>(target)});
  }
}

Runner::~Runner() { ::close(poll_); }

void Runner::run() {
  for (Slot& slot : slots_) {
    start(slot);
    drive(slot);
  }
  std::vector<epoll_event> events(slots_.size());
  while (busy_ > 0 || !waiting_.empty()) {
    const timespec wait = patience();
    const int count = ::epoll_pwait2(poll_, events.data(), static_cast<int>(events.size()),
                                     waiting_.empty() ? nullptr : &wait, nullptr);
    for (int i = 0; i < count; ++i) {
      Slot& slot = slots_[events.data()[i].data.u64];
      if (slot.client->busy()) {
        drive(slot);
      } else {
        ignore(slot);
      }
    }
    start_due();
  }
}

// The server closed an idle connection: the next request on it fails, which is soon enough.
void Runner::ignore(Slot& slot) {
  ::epoll_ctl(poll_, EPOLL_CTL_DEL, slot.client->descriptor(), nullptr);
  slot.registered = 0;
}

std::size_t Runner::index(const Slot& slot) const {
  return static_cast<std::size_t>(&slot - slots_.data());
}

void Runner::start(Slot& slot) {
  const auto number = work_.draw();
  if (!number) return;
  if (work_.pace.rate > 0) {
    waiting_.emplace(work_.due(*number), std::pair(index(slot), *number));
    return;
  }
  begin(slot, *number, Clock::now());
}

void Runner::begin(Slot& slot, std::uint64_t number, Clock::time_point since) {
  const std::size_t size = work_.plan.size();
  slot.since = since;
  ++busy_;
  slot.client->begin(work_.plan[work_.pace.random ? random_() % size : number % size]);
}

void Runner::start_due() {
  const auto now = Clock::now();
  while (!waiting_.empty() && waiting_.begin()->first <= now) {
    const auto [due, what] = *waiting_.begin();
    waiting_.erase(waiting_.begin());
    Slot& slot = slots_[what.first];
    begin(slot, what.second, due);
    drive(slot);
  }
}

// Until the next transaction is due.
timespec Runner::patience() const {
  if (waiting_.empty()) return {};
  const auto left = duration_cast<nanoseconds>(waiting_.begin()->first - Clock::now()).count();
  if (left <= 0) return {};
  return {left / 1'000'000'000, left % 1'000'000'000};
}

void Runner::drive(Slot& slot) {
  while (slot.client->busy()) {
    const std::uint64_t errors = outcome_.tally.errors;
    if (!slot.client->advance(outcome_.tally)) break;
    const auto took = duration_cast<microseconds>(Clock::now() - slot.since).count();
    if (outcome_.tally.errors == errors) outcome_.latencies.add(static_cast<std::uint64_t>(took));
    --busy_;
    if (!work_.pace.hold) start(slot);
  }
  watch(slot);
}

void Runner::watch(Slot& slot) {
  const Client& client = *slot.client;
  const unsigned wants = client.wants();
  const bool added = slot.registered == client.sockets();
  if (added && slot.waits == wants) return;
  epoll_event event{};
  event.events = wants;
  event.data.u64 = index(slot);
  ::epoll_ctl(poll_, added ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, client.descriptor(), &event);
  slot.waits = wants;
  slot.registered = client.sockets();
}

}  // namespace entrepot::bench
