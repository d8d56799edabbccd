#include "http/server/internal/intake.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "http/server/internal/lane.h"

namespace entrepot::http::server::internal {
namespace {

constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
constexpr std::chrono::seconds kWorkerPatience{5};
constexpr std::chrono::seconds kBufferPatience{10};
constexpr const char* kNoMemory = "no memory for this request; try again in a second";
constexpr std::uint64_t kHoldBytes = 64 << 10;  // how much more is taken from the account at once

Executor& executor_for(const Core& core, const Request& request) {
  Executor* const chosen = core.handler.executor_of(request);
  return chosen == nullptr ? *core.options.workers : *chosen;
}

}  // namespace

Intake::Intake(Lane& lane, Channel& channel, Input& input, ActiveRequest& request, Owner& owner,
               Watched& whom)
    : lane_(lane),
      channel_(channel),
      input_(input),
      request_(request),
      owner_(owner),
      executor_(executor_for(lane.core(), request.request())),
      job_(lane.loop(), whom),
      started_(lane.loop().now()),
      later_(lane.loop(), *this, whom),
      pace_(lane.core().options.limits.push) {}

void Intake::on_events(bool reset) {
  // A client may close its side behind a whole request and still want the answer. One that left
  // looks the same until something is sent to it, and what is done for it in vain is short.
  if ((phase_ == Phase::Deciding || phase_ == Phase::Finishing) && reset) {
    request_.context().cancel();
  }
  on_readable();
}

bool Intake::is_our_move() const {
  return job_.out() || phase_ != Phase::Receiving || waits_for_buffer_;
}

// --- Deciding ------------------------------------------------------------------------------------

void Intake::start() {
  if (post_decision()) return;
  lane_.core().metrics.workers_full.add();
  owner_.want_thread(executor_);
}

// The body, if it is short and here, for a finisher, which may take it at once. The loop leaves it
// alone until the decision comes back.
std::optional<ByteView> Intake::whole_body() const {
  const std::uint64_t length = request_.head().content_length_bytes.value_or(0);
  if (&executor_ != lane_.core().options.finishers || request_.head().chunked ||
      length > BodyReceiver::kSmallBodyBytes || length > input_.rest().size()) {
    return std::nullopt;
  }
  return input_.rest().substr(0, length);
}

bool Intake::post_decision() {
  return job_.try_run(
      executor_, [this, body = whole_body()] { request_.decide(lane_.core().handler, body); },
      [this] { on_decided(); });
}

// Cancelled, when the client leaves, as the decision before it.
void Intake::decide_elsewhere() {
  job_.run(
      *request_.moved_to(), [this] { request_.decide(lane_.core().handler, std::nullopt); },
      [this] { on_decided(); });
}

bool Intake::on_thread_free() {
  if (post_decision()) return true;
  if (lane_.loop().now() - started_ < kWorkerPatience) return false;
  refuse("too many requests wait for an answer; try again in a second");
  return true;
}

void Intake::refuse(std::string message) {
  phase_ = Phase::Over;
  Response response = lane_.core().handler.refuse({503, std::move(message)});
  const bool tells_when = std::any_of(
      response.headers.begin(), response.headers.end(),
      [](const auto& header) { return equals_ignoring_case(header.first, "Retry-After"); });
  if (!tells_when) response.with("Retry-After", "1");
  response.close = true;
  request_.response() = std::move(response);
  owner_.answer_is_ready();
}

void Intake::on_decided() {
  if (abandoned_) return drop_sink();
  const std::uint64_t length = request_.head().content_length_bytes.value_or(0);
  if (request_.body_taken()) {
    received_body_bytes_ = length;
    input_.drop(length);
    input_.keep();
  }
  if (request_.errand_to() != nullptr) return run_errand();
  if (request_.response()) {
    phase_ = Phase::Over;
    return owner_.answer_is_ready();
  }
  if (request_.moved_to() != nullptr) return decide_elsewhere();
  if (request_.has_rest()) return finish_decision();
  if (!request_.has_sink() || request_.body_taken()) {
    return refuse(kNoMemory);
  }
  if (length > request_.limit_bytes()) {
    return finish(Error{ErrorCode::TooLarge, "the body is longer than allowed"});
  }
  start_receiving();
}

// Cancelled, when the client leaves, as the decision would be.
void Intake::finish_decision() {
  job_.run(
      *lane_.core().options.finishers, [this] { request_.do_rest(); },
      [this] {
        phase_ = Phase::Over;
        if (abandoned_) return owner_.intake_is_over();
        if (!request_.response()) return refuse(kNoMemory);
        owner_.answer_is_ready();
      });
}

// --- Receiving -----------------------------------------------------------------------------------

void Intake::start_receiving() {
  phase_ = Phase::Receiving;
  owner_.bytes_moved();
  if (request_.head().expects_continue && input_.empty()) {
    const Io io = channel_.send(kContinue, {}, false);
    lane_.count_sent(io.bytes);
    if (io.bytes != kContinue.size()) return owner_.client_is_gone();
  }
  receiver_.emplace(channel_, input_, lane_.core().buffers, request_.head(),
                    request_.limit_bytes());
  if (request_.work_factor() > 0) {
    held_ = lane_.core().memory.open(later_.to(&Intake::give_way));
    receiver_->allow(0);
  }
  looked_at_ = lane_.loop().now();
  owner_.remind_later();
  receive(false, false);
}

void Intake::on_readable() {
  if (phase_ == Phase::Receiving && !waits_for_buffer_) receive(false, false);
}

void Intake::on_reminder() {
  if (phase_ != Phase::Receiving) return;
  const BodyReceiver::Tick tick = receiver_->tick();
  if (auto problem = judge_pace(tick.came_bytes); problem && !job_.out()) {
    return finish(std::move(problem));
  }
  if (tick.give_up && !waits_for_buffer_) receive(false, true);
  if (phase_ == Phase::Receiving) owner_.remind_later();
}

// Why the body is not waited for any longer.
std::optional<Error> Intake::judge_pace(std::uint64_t came_bytes) {
  const SteadyTime now = lane_.loop().now();
  const auto passed = std::chrono::duration_cast<Pace::Time>(now - looked_at_);
  looked_at_ = now;
  pace_.add(is_our_move() ? Pace::Time(0) : passed, came_bytes);
  if (pace_.is_too_slow()) {
    return Error{ErrorCode::Timeout, "the body came too slowly"};
  }
  if (waiting_since_ && now - *waiting_since_ > kBufferPatience) {
    return Error{ErrorCode::Unavailable, "no memory to receive the body into"};
  }
  return std::nullopt;
}

void Intake::receive(bool has_waited, bool stalled) {
  BodyReceiver::Status status = BodyReceiver::Status::WantsData;
  move_pieces(status, has_waited, stalled);
  act_on(status, stalled);
}

// Receives, and hands what is due to the writer, until one of them cannot go on.
void Intake::move_pieces(BodyReceiver::Status& status, bool has_waited, bool stalled) {
  do {
    const std::uint64_t before = receiver_->received_bytes();
    status = receiver_->receive(has_waited);
    if (const std::uint64_t moved = receiver_->received_bytes() - before; moved > 0) {
      waiting_since_.reset();
      if (held_) held_.moved(moved);
      lane_.count_received(moved);
      owner_.bytes_moved();
    }
    if (status == BodyReceiver::Status::WantsMemory && allow_more()) continue;
    if (job_.out() || !receiver_->piece_is_due(stalled)) return;
    job_.run(
        lane_.core().data, [this, piece = receiver_->take_piece()] { request_.write(piece); },
        [this] { on_piece_written(); });
  } while (status == BodyReceiver::Status::WantsWriter ||
           status == BodyReceiver::Status::WantsMemory);
}

// The memory is taken from the account before the bytes are from the socket.
bool Intake::allow_more() {
  const std::uint64_t more = receiver_->received_bytes() + kHoldBytes;
  const std::uint64_t length = request_.head().content_length_bytes.value_or(UINT64_MAX);
  const std::uint64_t wanted = std::min(more, length);
  if (!held_.grow_to(wanted)) return false;
  receiver_->allow(wanted);
  return true;
}

bool Intake::has_room_to_finish() {
  if (!held_ || work_) return true;
  held_.stays();
  work_ = lane_.core().memory.try_work(receiver_->received_bytes() * request_.work_factor());
  return static_cast<bool>(work_);
}

// Others need the memory, and this body is the slowest to fill its own.
void Intake::give_way() {
  if (phase_ != Phase::Receiving || receiver_->is_complete()) return;
  gives_way_ = true;
  if (!job_.out()) finish(Error{ErrorCode::Timeout, "others needed its memory"});
}

void Intake::wait_for_memory() {
  if (!waiting_since_) waiting_since_ = lane_.loop().now();
  if (!std::exchange(waits_for_buffer_, true)) owner_.want_buffer();
}

void Intake::act_on(BodyReceiver::Status status, bool stalled) {
  switch (status) {
    case BodyReceiver::Status::WantsData:
      if (stalled) receiver_->release_idle_buffers();
      return;
    case BodyReceiver::Status::WantsBuffer:
    case BodyReceiver::Status::WantsMemory:
      return wait_for_memory();
    case BodyReceiver::Status::WantsWriter:
      return;  // on_piece_written() goes on
    case BodyReceiver::Status::TurnOver:
      return owner_.go_on_soon();
    case BodyReceiver::Status::Complete:
      if (job_.out()) return;
      return has_room_to_finish() ? finish(std::nullopt) : wait_for_memory();
    case BodyReceiver::Status::Failed:
      if (!job_.out()) finish(receiver_->error());
      return;
    case BodyReceiver::Status::Gone:
      return owner_.client_is_gone();
  }
}

void Intake::on_buffer_free() {
  if (phase_ != Phase::Receiving) return;
  waits_for_buffer_ = false;
  receive(true, false);  // may want one again
}

void Intake::on_piece_written() {
  receiver_->piece_written();
  if (abandoned_) return drop_sink();
  if (request_.write_failed()) return finish(std::nullopt);
  if (gives_way_ && !receiver_->is_complete())
    return finish(Error{ErrorCode::Timeout, "others needed its memory"});
  receive(false, false);
}

// --- Finishing -----------------------------------------------------------------------------------

void Intake::finish(std::optional<Error> problem) {
  phase_ = Phase::Finishing;
  ByteView rest;
  if (receiver_) {
    received_body_bytes_ = receiver_->received_bytes();
    rest = receiver_->take_piece();
    if (receiver_->is_complete()) request_.set_body_taken();
  }
  job_.run(
      *lane_.core().options.finishers,
      [this, rest, problem = std::move(problem)] { request_.finish(rest, problem); },
      [this] { on_finished(); });
}

// The sink has all of the body, so that its buffers need not wait along.
void Intake::run_errand() {
  phase_ = Phase::Finishing;
  receiver_.reset();
  job_.run(
      *request_.errand_to(), [this] { request_.run_errand(); }, [this] { finish_rest(); });
}

void Intake::finish_rest() {
  if (abandoned_) return drop_sink();
  job_.run(
      *lane_.core().options.finishers, [this] { request_.finish_rest(); },
      [this] { on_finished(); });
}

void Intake::on_finished() {
  if (request_.errand_to() != nullptr && !abandoned_) return run_errand();
  receiver_.reset();
  held_.give_back();
  work_.give_back();
  if (abandoned_) return drop_sink();
  phase_ = Phase::Over;
  if (!request_.response()) return refuse(kNoMemory);
  owner_.answer_is_ready();
}

// --- Abandoning ----------------------------------------------------------------------------------

void Intake::abandon() {
  abandoned_ = true;
  if (phase_ == Phase::Deciding || phase_ == Phase::Finishing) request_.context().cancel();
  if (!job_.out()) drop_sink();
}

void Intake::drop_sink() {
  phase_ = Phase::Over;
  if (!request_.has_sink()) return owner_.intake_is_over();
  const ByteView rest = receiver_ ? receiver_->take_piece() : ByteView();
  job_.run(
      *lane_.core().options.finishers, [this, rest] { request_.abandon(rest); },
      [this] {
        receiver_.reset();
        owner_.intake_is_over();
      });
}

}  // namespace entrepot::http::server::internal
