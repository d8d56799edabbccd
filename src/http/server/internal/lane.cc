#include "http/server/internal/lane.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <future>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "crypto/hash.h"
#include "http/server/internal/connection.h"
#include "http/server/internal/listener.h"

namespace entrepot::http::server::internal {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLingerLimit{2000};
constexpr milliseconds kReminderDelay{300};
constexpr milliseconds kCertificateCheck{2000};
constexpr milliseconds kRetry{10};  // of what has no better way to know
constexpr milliseconds kLongSleep{1000};
constexpr milliseconds kBufferRetry{100};  // the machine may have memory again

// How often idle connections are looked for.
milliseconds sweep_period(const Limits& limits) {
  const milliseconds shortest = std::min<milliseconds>(limits.idle, limits.head);
  return std::clamp(shortest / 8, milliseconds(50), kLongSleep);
}

template <class List>
void drop(List& list, Connection* connection) {
  if (!list.empty()) std::erase(list, connection);
}

}  // namespace

Result<std::unique_ptr<Lane>> Lane::open(Core& core) {
  TRY_ASSIGN(auto loop, EventLoop::open());
  return std::unique_ptr<Lane>(new Lane(core, std::move(loop)));
}

Lane::Lane(Core& core, std::unique_ptr<EventLoop> loop)
    : core_(core),
      loop_(std::move(loop)),
      scratch_(new char[kScratchBytes]),
      parsed_(nullptr),
      parsed_request_([this] {
        auto data = std::make_unique<RequestData>();
        parsed_ = data.get();
        return Request(std::move(data));
      }()),
      id_prefix_(crypto::to_hex(crypto::random_bytes(3)) + "-") {}

Lane::~Lane() { CHECK(open_.empty() && half_.empty() && lingering_.empty()); }

void Lane::start(std::size_t number) {
  loop_->start(fmt::format("http-loop-{}", number), [this] { return between_batches(); });
}

// --- For any thread ------------------------------------------------------------------------------

void Lane::run_and_wait(const std::function<void()>& task) {
  std::promise<void> done;
  loop_->post([&] {
    task();
    done.set_value();
  });
  done.get_future().wait();  // no deadline: a loop never waits, and runs longer than who asks
}

void Lane::adopt(int descriptor, Peer peer, std::shared_ptr<ssl_ctx_st> tls) {
  load_.fetch_add(1, std::memory_order_relaxed);
  core_.metrics.open.add(1);
  try {
    loop_->post([this, descriptor, peer = std::move(peer), tls = std::move(tls)] {
      open_connection(descriptor, peer, tls.get());
    });
  } catch (const std::bad_alloc&) {
    undo_adoption(descriptor);
  }
}

// What adopt() counted; the descriptor is negative if a connection had it and closed it.
void Lane::undo_adoption(int descriptor) {
  if (descriptor >= 0) ::close(descriptor);
  load_.fetch_sub(1, std::memory_order_relaxed);
  core_.metrics.open.add(-1);
  core_.connections.fetch_sub(1);
}

void Lane::open_connection(int descriptor, const Peer& peer, ssl_ctx_st* tls) {
  try {
    half_.push_back(nullptr);
    half_.back() = std::make_unique<Connection>(*this, descriptor, peer, tls);
  } catch (const std::bad_alloc&) {
    if (!half_.empty() && half_.back() == nullptr) half_.pop_back();
    return undo_adoption(descriptor);
  }
  half_count_.store(half_.size(), std::memory_order_relaxed);
  Connection& connection = *half_.back();
  connection.place.at = std::prev(half_.end());
  connection.place.last_moved = loop_->now();
  if (ending_) {
    connection.cut();
  } else {
    attempt(connection, [&] { connection.open(); });
  }
}

void Lane::make_room(std::size_t halves, std::size_t idle) {
  if (halves + idle == 0) return;
  loop_->post([this, halves, idle] {
    close_sleeping(half_, halves);
    close_sleeping(open_, idle);
  });
}

void Lane::close_sleeping(Connections& connections, std::size_t count) {
  for (auto at = connections.begin(); count > 0 && at != connections.end();) {
    Connection& connection = **at++;
    if (!connection.sleeps()) continue;
    connection.make_room();
    --count;
  }
}

void Lane::drain() {
  run_and_wait([this] {
    for (Connections* shelf : {&open_, &half_}) {
      for (auto at = shelf->begin(); at != shelf->end();) (*at++)->drain();
    }
  });
}

std::size_t Lane::cut_all() {
  std::size_t cut = 0;
  run_and_wait([this, &cut] {
    ending_ = true;
    for (Connections* shelf : {&open_, &half_, &lingering_}) {
      for (auto at = shelf->begin(); at != shelf->end();) cut += (*at++)->cut() ? 1 : 0;
    }
  });
  return cut;
}

void Lane::stop_and_join() {
  loop_->post([this] { stop_when_empty_ = true; });
  loop_->join();
}

Result<void> Lane::add_listener(std::unique_ptr<Listener> listener) {
  Result<void> result;
  run_and_wait([&] {
    result = listener->start();
    if (result) listeners_.push_back(std::move(listener));
  });
  return result;
}

void Lane::close_listeners() {
  run_and_wait([this] { listeners_.clear(); });
}

// --- For connections -----------------------------------------------------------------------------

std::string_view Lane::date() {
  return date_.at(std::chrono::system_clock::to_time_t(std::chrono::system_clock::now()));
}

void Lane::make_request_id(std::string& id) {
  std::array<char, 16> digits;
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), ++last_id_, 36).ptr;
  id.assign(id_prefix_).append(digits.data(), end);
}

void Lane::touch(Connection& connection) {
  connection.place.last_moved = loop_->now();
  if (connection.place.shelf != Connection::Shelf::Open) return;
  open_.splice(open_.end(), open_, connection.place.at);
}

void Lane::expect_rest(Connection& connection) {
  if (connection.place.shelf == Connection::Shelf::Open) {
    move_to(Connection::Shelf::Half, connection);
  }
  if (!connection.place.began) connection.place.began = loop_->now();
}

void Lane::rest_came(Connection& connection) {
  if (connection.place.shelf != Connection::Shelf::Half) return;
  move_to(Connection::Shelf::Open, connection);
}

void Lane::linger(Connection& connection) { move_to(Connection::Shelf::Lingering, connection); }

Lane::Connections& Lane::shelf(Connection::Shelf shelf) {
  switch (shelf) {
    case Connection::Shelf::Half:
      return half_;
    case Connection::Shelf::Lingering:
      return lingering_;
    case Connection::Shelf::Open:
      break;
  }
  return open_;
}

void Lane::move_to(Connection::Shelf to, Connection& connection) {
  Connections& from = shelf(connection.place.shelf);
  connection.place.shelf = to;
  connection.place.last_moved = loop_->now();
  connection.place.began.reset();
  shelf(to).splice(shelf(to).end(), from, connection.place.at);
  half_count_.store(half_.size(), std::memory_order_relaxed);
}

void Lane::retire(Connection& connection) {
  drop(soon_, &connection);
  drop(reminders_, &connection);
  for (WaitingFor& waiting : waiting_for_thread_) drop(waiting.connections, &connection);
  drop(waiting_for_buffer_, &connection);
  retired_.splice(retired_.end(), shelf(connection.place.shelf), connection.place.at);
  half_count_.store(half_.size(), std::memory_order_relaxed);
  load_.fetch_sub(1, std::memory_order_relaxed);
  core_.metrics.open.add(-1);
  core_.connections.fetch_sub(1);
}

void Lane::soon(Connection& connection) {
  if (!std::exchange(connection.place.is_up_soon, true)) soon_.push_back(&connection);
}
void Lane::remind(Connection& connection) { reminders_.push_back(&connection); }

void Lane::wait_for_thread(Connection& connection, Executor& executor) {
  auto at = std::find_if(waiting_for_thread_.begin(), waiting_for_thread_.end(),
                         [&](const WaitingFor& waiting) { return waiting.executor == &executor; });
  if (at == waiting_for_thread_.end()) {
    at = waiting_for_thread_.insert(at, WaitingFor{&executor, {}});
  }
  at->connections.push_back(&connection);
}

void Lane::wait_for_buffer(Connection& connection) {
  waiting_for_buffer_.push_back(&connection);
  if (waiting_for_buffer_.size() > 1) return;
  next_buffer_try_ = loop_->now() + kBufferRetry;
  core_.buffers.call_when_free([this] { loop_->post([this] { try_for_buffers(); }); });
  if (std::exchange(memory_will_call_, true)) return;
  core_.memory.call_when_free([this] {
    loop_->post([this] {
      memory_will_call_ = false;
      try_for_buffers();
    });
  });
}

void Lane::try_for_buffers() {
  for (Connection* waiting : std::exchange(waiting_for_buffer_, {})) {
    attempt(*waiting, [&] { waiting->on_buffer_free(); });
  }
}

// --- Between batches -----------------------------------------------------------------------------

milliseconds Lane::between_batches() {
  for (Connection* connection : std::exchange(soon_, {})) {
    connection->place.is_up_soon = false;
    attempt(*connection, [&] { connection->on_soon(); });
  }
  offer_threads();
  bool paused = false;
  for (const auto& listener : listeners_) paused = listener->resume_if_paused() || paused;
  look_after_time();
  publish_counts();
  retired_.clear();
  if (stop_when_empty_ && load() == 0) loop_->stop();

  if (!soon_.empty()) return milliseconds(0);
  const bool some_wait =
      std::any_of(waiting_for_thread_.begin(), waiting_for_thread_.end(),
                  [](const WaitingFor& waiting) { return !waiting.connections.empty(); });
  if (some_wait || paused) return kRetry;
  if (!waiting_for_buffer_.empty()) return kBufferRetry;
  const milliseconds period = sweep_period(core_.options.limits);
  return reminders_.empty() ? period : std::min(period, kReminderDelay);
}

// Those who wait for one executor do not wait for another.
void Lane::offer_threads() {
  for (WaitingFor& waiting : waiting_for_thread_) {
    while (!waiting.connections.empty()) {
      Connection* const first = waiting.connections.front();
      bool is_served = true;
      attempt(*first, [&] { is_served = first->on_thread_free(); });
      if (!is_served) break;
      drop(waiting.connections, first);
    }
  }
}

void Lane::look_after_time() {
  const SteadyTime now = loop_->now();
  if (now >= next_reminder_) {
    next_reminder_ = now + kReminderDelay;
    for (Connection* connection : std::exchange(reminders_, {})) {
      attempt(*connection, [&] { connection->on_reminder(); });
    }
  }
  if (!waiting_for_buffer_.empty() && now >= next_buffer_try_) {
    next_buffer_try_ = now + kBufferRetry;
    try_for_buffers();
  }
  if (now >= next_certificate_check_) {
    next_certificate_check_ = now + kCertificateCheck;
    for (const auto& listener : listeners_) listener->check_certificate();
  }
  if (now >= next_sweep_) sweep();
}

void Lane::sweep() {
  const Limits& limits = core_.options.limits;
  next_sweep_ = loop_->now() + sweep_period(limits);
  const SteadyTime now = loop_->now();
  const auto silent_for = [now](const Connections& shelf, auto at, auto limit) {
    return at != shelf.end() && (*at)->place.last_moved + limit <= now;
  };
  for (auto at = open_.begin(); silent_for(open_, at, limits.idle);) {
    Connection& silent = **at++;
    attempt(silent, [&] { silent.on_idle_limit(); });
  }
  for (auto at = half_.begin(); at != half_.end();) {
    Connection& half = **at++;
    const bool late = half.place.began && *half.place.began + limits.head <= now;
    if (!late && half.place.last_moved + limits.idle > now) continue;
    attempt(half, [&] { half.on_half_limit(); });
  }
  for (auto at = lingering_.begin(); silent_for(lingering_, at, kLingerLimit);) {
    (*at++)->on_idle_limit();
  }
}

// One shared counter would cost every request a trip between the cores.
void Lane::publish_counts() {
  if (received_bytes_ > 0) core_.metrics.received_bytes.add(std::exchange(received_bytes_, 0));
  if (sent_bytes_ > 0) core_.metrics.sent_bytes.add(std::exchange(sent_bytes_, 0));
}

}  // namespace entrepot::http::server::internal
