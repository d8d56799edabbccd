#include "http/internal/lane.h"

#include <algorithm>
#include <charconv>
#include <future>
#include <iterator>
#include <utility>

#include <fmt/format.h>

#include "base/check.h"
#include "crypto/hash.h"
#include "http/internal/connection.h"
#include "http/internal/listener.h"

namespace entrepot::http::internal {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLingerLimit{2000};
constexpr milliseconds kReminderDelay{300};
constexpr milliseconds kCertificateCheck{2000};
constexpr milliseconds kRetry{10};  // of what has no better way to know
constexpr milliseconds kLongSleep{1000};

// How often idle connections are looked for.
milliseconds sweep_period(const Limits& limits) {
  return std::clamp(std::chrono::duration_cast<milliseconds>(limits.idle) / 8, milliseconds(50),
                    kLongSleep);
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

Lane::~Lane() { CHECK(open_.empty() && lingering_.empty()); }

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
  done.get_future().wait();
}

void Lane::adopt(int descriptor, Peer peer, std::shared_ptr<ssl_ctx_st> tls) {
  load_.fetch_add(1, std::memory_order_relaxed);
  core_.metrics.open.add(1);
  loop_->post([this, descriptor, peer = std::move(peer), tls = std::move(tls)] {
    open_.push_back(std::make_unique<Connection>(*this, descriptor, peer, tls.get()));
    Connection& connection = *open_.back();
    connection.place.at = std::prev(open_.end());
    connection.place.last_moved = loop_->now();
    if (ending_) {
      connection.cut();
    } else {
      connection.open();
    }
  });
}

void Lane::close_oldest_idle() {
  loop_->post([this] {
    const auto oldest = std::find_if(open_.begin(), open_.end(),
                                     [](const auto& connection) { return connection->is_idle(); });
    if (oldest != open_.end()) (*oldest)->drain();
  });
}

void Lane::drain() {
  run_and_wait([this] {
    for (auto at = open_.begin(); at != open_.end();) (*at++)->drain();
  });
}

std::size_t Lane::cut_all() {
  std::size_t cut = 0;
  run_and_wait([this, &cut] {
    ending_ = true;
    for (auto at = open_.begin(); at != open_.end();) cut += (*at++)->cut() ? 1 : 0;
    for (auto at = lingering_.begin(); at != lingering_.end();) (*at++)->cut();
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
  if (!connection.place.lingers) open_.splice(open_.end(), open_, connection.place.at);
}

void Lane::linger(Connection& connection) {
  connection.place.last_moved = loop_->now();
  connection.place.lingers = true;
  lingering_.splice(lingering_.end(), open_, connection.place.at);
}

void Lane::retire(Connection& connection) {
  drop(soon_, &connection);
  drop(reminders_, &connection);
  drop(waiting_for_worker_, &connection);
  drop(waiting_for_finisher_, &connection);
  drop(waiting_for_buffer_, &connection);
  retired_.push_back(std::move(*connection.place.at));
  (connection.place.lingers ? lingering_ : open_).erase(connection.place.at);
  load_.fetch_sub(1, std::memory_order_relaxed);
  core_.metrics.open.add(-1);
  core_.connections.fetch_sub(1);
}

void Lane::soon(Connection& connection) {
  if (!std::exchange(connection.place.is_up_soon, true)) soon_.push_back(&connection);
}
void Lane::remind(Connection& connection) { reminders_.push_back(&connection); }

void Lane::wait_for_thread(Connection& connection, bool finisher) {
  (finisher ? waiting_for_finisher_ : waiting_for_worker_).push_back(&connection);
}

void Lane::wait_for_buffer(Connection& connection) {
  waiting_for_buffer_.push_back(&connection);
  if (waiting_for_buffer_.size() > 1) return;
  core_.buffers.call_when_free([this] {
    loop_->post([this] {
      for (Connection* waiting : std::exchange(waiting_for_buffer_, {})) waiting->on_buffer_free();
    });
  });
}

// --- Between batches -----------------------------------------------------------------------------

milliseconds Lane::between_batches() {
  for (Connection* connection : std::exchange(soon_, {})) {
    connection->place.is_up_soon = false;
    connection->on_soon();
  }
  offer_thread(waiting_for_worker_);
  offer_thread(waiting_for_finisher_);
  bool paused = false;
  for (const auto& listener : listeners_) paused = listener->resume_if_paused() || paused;
  look_after_time();
  publish_counts();
  retired_.clear();
  if (stop_when_empty_ && open_.empty() && lingering_.empty()) loop_->stop();

  if (!soon_.empty()) return milliseconds(0);
  if (!waiting_for_worker_.empty() || !waiting_for_finisher_.empty() || paused) return kRetry;
  const milliseconds period = sweep_period(core_.options.limits);
  return reminders_.empty() ? period : std::min(period, kReminderDelay);
}

// Those who wait for one pool do not wait for the other.
void Lane::offer_thread(std::deque<Connection*>& waiting) {
  while (!waiting.empty()) {
    Connection* const first = waiting.front();
    if (!first->on_thread_free()) return;
    drop(waiting, first);
  }
}

void Lane::look_after_time() {
  const SteadyTime now = loop_->now();
  if (now >= next_reminder_) {
    next_reminder_ = now + kReminderDelay;
    for (Connection* connection : std::exchange(reminders_, {})) connection->on_reminder();
  }
  if (now >= next_certificate_check_) {
    next_certificate_check_ = now + kCertificateCheck;
    for (const auto& listener : listeners_) listener->check_certificate();
  }
  if (now < next_sweep_) return;
  next_sweep_ = now + sweep_period(core_.options.limits);
  sweep(open_, core_.options.limits.idle);
  sweep(lingering_, kLingerLimit);
}

void Lane::sweep(Connections& connections, std::chrono::steady_clock::duration limit) {
  auto at = connections.begin();
  while (at != connections.end() && (*at)->place.last_moved + limit <= loop_->now()) {
    (*at++)->on_idle_limit();
  }
}

// One shared counter would cost every request a trip between the cores.
void Lane::publish_counts() {
  if (received_bytes_ > 0) core_.metrics.received_bytes.add(std::exchange(received_bytes_, 0));
  if (sent_bytes_ > 0) core_.metrics.sent_bytes.add(std::exchange(sent_bytes_, 0));
}

}  // namespace entrepot::http::internal
