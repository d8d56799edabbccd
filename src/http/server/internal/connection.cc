#include "http/server/internal/connection.h"

#include <sys/epoll.h>

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "http/server/internal/lane.h"

namespace entrepot::http::server::internal {
namespace {

// Edge-triggered: one registration serves the whole life of a connection, whatever its phase.
constexpr std::uint32_t kReadEvents = EPOLLIN | EPOLLRDHUP | EPOLLET;

// Of one connection, before the others get their turn.
constexpr std::size_t kReadsATurn = 2;
constexpr std::size_t kRequestsATurn = 64;
constexpr std::size_t kDiscardBytes = 1 << 20;  // at once; nothing is copied
constexpr std::size_t kLingerBytes = 32 << 20;  // of a client that does not look at its answer

// A client's own request id is kept if it can go into a log line and a header as it is.
bool is_request_id(std::string_view text) {
  return !text.empty() && text.size() <= 64 && std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' ||
           c == '_' || c == '-';
  });
}

}  // namespace

Connection::Connection(Lane& lane, int& descriptor, Peer peer, ssl_ctx_st* tls)
    : lane_(lane),
      channel_(std::exchange(descriptor, -1)),
      peer_(std::make_shared<const Peer>(std::move(peer))),
      scanner_(lane.core().options.limits) {
  if (tls != nullptr) channel_.set_tls(std::make_unique<TlsSession>(*tls, channel_.descriptor()));
}

Connection::~Connection() = default;

// --- Beginning -----------------------------------------------------------------------------------

void Connection::open() {
  if (channel_.tls() != nullptr && !channel_.tls()->is_usable()) return close();
  if (channel_.tls() != nullptr) return shake_hands();
  start_reading();
}

void Connection::shake_hands() {
  phase_ = Phase::Handshake;
  handshake_ = std::make_unique<TlsHandshake>(
      *channel_.tls(), [this] { lane_.loop().post([this] { on_handshake_begun(); }); },
      [this] { lane_.loop().post([this] { on_handshake_over(); }, this); });
  lane_.core().turns->add(channel_.descriptor(), *handshake_, Turns::Next::WhenReadable);
}

void Connection::on_handshake_begun() {
  if (phase_ == Phase::Handshake) lane_.expect_rest(*this);
}

void Connection::on_handshake_over() {
  const TlsSession::Handshake outcome = handshake_->outcome();
  handshake_.reset();
  if (phase_ == Phase::Closed) return retire();
  phase_ = Phase::Head;
  lane_.rest_came(*this);
  if (outcome == TlsSession::Handshake::Done) return start_reading();
  if (outcome != TlsSession::Handshake::PlainHttp) return close();
  channel_.set_tls(nullptr);
  refuse({400, "this port speaks TLS: the address must begin with https://"});
}

void Connection::start_reading() {
  if (!lane_.loop().watch(channel_.descriptor(), kReadEvents, *this)) return close();
  read_requests();  // most clients have something to say at once
}

void Connection::on_events(std::uint32_t events) {
  const bool reset = (events & (EPOLLHUP | EPOLLERR)) != 0;
  const bool ended = reset || (events & EPOLLRDHUP) != 0;
  if (ended || (events & EPOLLIN) != 0) channel_.set_readable(ended);
  step(reset);
}

// What the phase does next. `reset`: the client neither sends nor listens.
void Connection::step(bool reset) {
  switch (phase_) {
    case Phase::Head:
      return go_on();
    case Phase::Working:
      return intake_->on_events(reset);
    case Phase::Answering:
      return delivery_->on_events(reset);
    case Phase::Discarding:
      return discard();
    case Phase::Lingering:
      return linger();
    case Phase::Handshake:
    case Phase::Closed:
      return;
  }
}

void Connection::on_soon() { step(false); }

// --- Reading requests ----------------------------------------------------------------------------

// What is here is served before more is read, so the input stays as small as one read and one head.
void Connection::go_on() {
  if (phase_ == Phase::Head && !input_.empty() && !serve_input()) return;
  if (phase_ == Phase::Head) read_requests();
}

void Connection::read_requests() {
  for (std::size_t reads = 0; phase_ == Phase::Head && channel_.maybe_readable(); ++reads) {
    if (reads == kReadsATurn) return lane_.soon(*this);
    const Io io = channel_.receive(lane_.scratch(), Lane::kScratchBytes);
    if (io.state == Io::State::Blocked) break;
    if (io.state != Io::State::Moved) return close();
    lane_.count_received(io.bytes);
    lane_.touch(*this);
    input_.add({lane_.scratch(), io.bytes});
    if (!serve_input()) return;
  }
  if (is_idle() && lane_.core().draining) close();
}

// Serves the whole requests that the input holds; afterwards nothing points into the lane's receive
// buffer. False when it stopped early, to go on soon.
bool Connection::serve_input() {
  bool stopped_early = false;
  for (std::size_t requests = 0; phase_ == Phase::Head && !input_.empty(); ++requests) {
    if (requests == kRequestsATurn) {
      stopped_early = true;
      lane_.soon(*this);
      break;
    }
    const HeadScanner::Status status = scanner_.scan(input_.rest());
    if (status == HeadScanner::Status::Incomplete) break;
    if (status == HeadScanner::Status::Refused) {
      refuse(scanner_.refusal());
      break;
    }
    const std::string_view head_text = scanner_.head(input_.rest());
    input_.drop(scanner_.consumed_bytes());
    scanner_.restart();
    begin_exchange(head_text);
  }
  if (phase_ != Phase::Working) input_.keep();  // else a worker may be reading it
  if (phase_ == Phase::Head && !input_.empty()) lane_.expect_rest(*this);
  return !stopped_early;
}

void Connection::begin_exchange(std::string_view head_text) {
  lane_.rest_came(*this);
  in_exchange_ = true;
  started_ = lane_.loop().now();
  record_ = Exchange();
  RequestData& data = lane_.parsed();
  if (const auto refusal = parse_head(head_text, data.head)) return refuse(*refusal);
  if (data.peer != peer_) data.peer = peer_;
  data.note.reset();
  const Request& request = lane_.parsed_request();
  record_.request = &request;
  const auto own_id = request.header("X-Request-Id");
  if (own_id && is_request_id(*own_id)) {
    data.id = *own_id;
  } else {
    lane_.make_request_id(data.id);
  }
  auto response = lane_.core().handler.answer_from_memory(request);
  if (!response) return hand_over(head_text);
  settle_body(data.head);
  answer(&request, data, *response, head_text);
}

void Connection::hand_over(std::string_view head_text) {
  active_ = std::make_unique<ActiveRequest>(head_text, lane_.parsed());
  record_.request = &active_->request();
  input_.keep();
  phase_ = Phase::Working;
  intake_ = std::make_unique<Intake>(lane_, channel_, input_, *active_, *this, *this);
  lane_.core().metrics.in_flight.add(1);
  intake_->start();
}

void Connection::refuse(const Refusal& refusal) {
  lane_.rest_came(*this);
  in_exchange_ = true;
  started_ = lane_.loop().now();
  record_ = Exchange();
  close_behind_ = true;
  RequestData& data = lane_.parsed();
  data.head.clear();
  data.note.reset();
  lane_.make_request_id(data.id);
  refused_ = std::make_unique<const Refused>(Refused{data.id, refusal.message});
  record_.refusal = refused_->reason;
  Response response = lane_.core().handler.refuse(refusal);
  answer(nullptr, data, response, {});
}

// --- Answering -----------------------------------------------------------------------------------

void Connection::answer_is_ready() {
  record_.received_bytes = intake_->received_body_bytes();
  settle_body(active_->head());
  answer(&active_->request(), active_->data(), *active_->response(), {});
  if (phase_ != Phase::Answering) go_on();
}

// What becomes of a body that was not taken: a short one is dropped behind the answer, else the
// connection closes. So it does when the client waits for 100 Continue: whether it still sends the
// body is for it to say, and a body must never be read as a request (RFC 9110 §10.1.1).
void Connection::settle_body(const Head& head) {
  discard_bytes_ = 0;
  if (!head.has_body() || (active_ && active_->body_taken())) return;
  if (head.chunked || (head.expects_continue && input_.empty())) {
    close_behind_ = true;
    return;
  }
  const std::uint64_t unread = *head.content_length_bytes - record_.received_bytes;
  const std::size_t here = std::min<std::uint64_t>(unread, input_.rest().size());
  input_.drop(here);
  discard_bytes_ = unread - here;
  if (discard_bytes_ > lane_.core().options.limits.drain_body_bytes) close_behind_ = true;
}

void Connection::answer(const Request* request, const RequestData& data, Response& response,
                        std::string_view head_text) {
  lane_.core().handler.dress(request, response);
  const Head& head = data.head;
  close_behind_ = close_behind_ || response.close || !head.keep_alive || lane_.core().draining;
  HeadFrame frame;
  frame.body = plan_body(head.method, response);
  frame.close = close_behind_;
  frame.http11 = head.http11;
  frame.id = data.id;
  frame.date = lane_.date();
  frame.server = lane_.core().options.server_header;
  std::string& text = lane_.head_text();
  text.clear();
  write_head(text, response, frame);
  record_.status = response.status;
  record_.route = response.route;
  actor_ = std::move(response.actor);
  record_.actor = actor_;

  if (!frame.body.sends_body) response.body = Source();
  const SharedBytes* bytes = response.body.bytes();
  if (bytes == nullptr) return deliver(response, 0, head_text);
  const ByteView body = *bytes ? ByteView(**bytes) : ByteView();
  const Io io = channel_.send(text, body.substr(0, Outbox::kTurnBytes), false);
  lane_.count_sent(io.bytes);
  if (io.state == Io::State::Broken) return end_exchange(false);
  const bool whole = io.bytes == text.size() + body.size() && !channel_.holds_unsent();
  if (!whole) return deliver(response, io.bytes, head_text);
  record_.sent_bytes = body.size();
  end_exchange(true);
}

// The socket did not take all, or the body is no memory: the answer, and with it the request,
// outlive the lane's buffers.
void Connection::deliver(Response& response, std::size_t sent_bytes, std::string_view head_text) {
  if (!active_ && !head_text.empty()) {
    active_ = std::make_unique<ActiveRequest>(head_text, lane_.parsed());
    record_.request = &active_->request();
  }
  phase_ = Phase::Answering;
  sent_seen_ = 0;
  delivery_ = std::make_unique<Delivery>(lane_, channel_, *this, *this);
  const auto outcome = delivery_->start(lane_.head_text(), std::move(response.body), sent_bytes,
                                        active_ ? &active_->context() : nullptr);
  if (outcome != Delivery::Outcome::Later) end_exchange(outcome == Delivery::Outcome::Sent);
}

void Connection::answer_is_sent(bool whole) {
  watch_writes(false);
  end_exchange(whole);
  go_on();
}

void Connection::end_exchange(bool whole) {
  if (!whole) report_file_fault();
  record_exchange(whole);
  if (!whole) return close();
  intake_.reset();
  delivery_.reset();
  active_.reset();
  if (close_behind_ || lane_.core().draining) return linger();
  if (discard_bytes_ > 0) {
    phase_ = Phase::Discarding;
    lane_.expect_rest(*this);
    return lane_.soon(*this);
  }
  phase_ = Phase::Head;
}

// Of an answer that broke off for a reason of ours. The request is over by then: what is told of it
// is a copy.
void Connection::report_file_fault() {
  if (!delivery_ || !active_) return;
  auto fault = delivery_->file_fault();
  if (!fault) return;
  Core& core = lane_.core();
  core.metrics.body_faults.add();
  static_cast<void>(core.options.workers->try_post(
      [&handler = core.handler, id = active_->request().id(),
       path = std::string(active_->request().path()), fault = *std::move(fault)] {
        Context context(id);
        handler.body_failed(context, path, fault.offset_bytes, fault.error);
      }));
}

void Connection::record_exchange(bool whole) {
  if (!std::exchange(in_exchange_, false)) return;
  if (intake_) lane_.core().metrics.in_flight.add(-1);
  const auto& observe = lane_.core().options.observe;
  if (!observe) return;
  record_.peer = peer_.get();
  if (record_.request != nullptr) record_.request_id = record_.request->id();
  if (refused_) record_.request_id = refused_->id;
  if (delivery_) record_.sent_bytes = delivery_->sent_body_bytes();
  record_.duration = std::chrono::duration_cast<std::chrono::microseconds>(
      std::chrono::steady_clock::now() - started_);
  record_.complete = whole;
  try {
    observe(record_);
  } catch (const std::bad_alloc&) {
    // A line of the access log less.
  }
}

// --- Ending --------------------------------------------------------------------------------------

void Connection::make_room() {
  if (is_idle()) return drain();
  if (sleeps()) close();
}

void Connection::drain() {
  if (phase_ == Phase::Handshake) return close();
  if (!is_idle()) return;
  channel_.set_readable(false);  // a request may have come that epoll has not told of yet
  read_requests();
  if (is_idle()) close();
}

bool Connection::cut() {
  const bool cutting = in_exchange_;
  close();
  return cutting;
}

// While we work for the client it has nothing to send, and gets nothing; that may take as long as
// it takes. How slowly a body may come is the intake's to say.
void Connection::on_idle_limit() {
  if (phase_ == Phase::Working) return bytes_moved();
  if (phase_ == Phase::Answering) {
    const std::uint64_t sent = delivery_->sent_body_bytes();
    if (std::exchange(sent_seen_, sent) != sent || delivery_->is_our_move()) return bytes_moved();
  }
  close();
}

void Connection::on_half_limit() {
  if (phase_ != Phase::Head || input_.empty()) return close();
  refuse({408, "the request's head did not come to its end"});
}

void Connection::on_reminder() {
  reminder_is_due_ = false;
  if (phase_ == Phase::Working) intake_->on_reminder();
}

bool Connection::on_thread_free() { return phase_ != Phase::Working || intake_->on_thread_free(); }

void Connection::on_buffer_free() {
  if (phase_ == Phase::Working) intake_->on_buffer_free();
}

// The answer is out; drops what is left of a body that nobody wanted.
void Connection::discard() {
  while (discard_bytes_ > 0) {
    const Io io = channel_.receive(lane_.scratch(),
                                   std::min<std::uint64_t>(Lane::kScratchBytes, discard_bytes_));
    if (io.state == Io::State::Blocked) return;
    if (io.state != Io::State::Moved) return close();
    lane_.count_received(io.bytes);
    lane_.touch(*this);
    discard_bytes_ -= io.bytes;
  }
  phase_ = Phase::Head;
  lane_.rest_came(*this);
  go_on();
}

// Closing with bytes unread makes the kernel send a reset, which can overtake the answer. So our
// side says that it ends, and waits a little for the client to do the same.
void Connection::linger() {
  if (phase_ != Phase::Lingering) {
    phase_ = Phase::Lingering;
    input_ = Input();
    discard_bytes_ = kLingerBytes;
    channel_.shut_down_sending();
    lane_.linger(*this);
  }
  const Io io = channel_.discard(std::min<std::uint64_t>(discard_bytes_, kDiscardBytes));
  if (io.state == Io::State::Blocked) return;
  discard_bytes_ -= io.bytes;
  if (io.state != Io::State::Moved || discard_bytes_ == 0) return close();
  lane_.soon(*this);
}

void Connection::close() {
  if (phase_ == Phase::Closed) return;
  const Phase ended = std::exchange(phase_, Phase::Closed);
  input_ = Input();
  if (ended == Phase::Head) channel_.say_end();
  channel_.shut_down();
  // Without memory it may not have come to either.
  if (ended == Phase::Working && intake_) return intake_->abandon();
  if (ended == Phase::Answering && delivery_) return delivery_->abandon();
  if (ended == Phase::Handshake && handshake_) return;  // on_handshake_over() retires
  retire();
}

// The last step: nothing works for this connection any more.
void Connection::retire() {
  record_exchange(false);
  lane_.loop().forget(channel_.descriptor());
  lane_.retire(*this);
}

// --- What intake and delivery ask for ------------------------------------------------------------

void Connection::watch_writes(bool on) {
  if (std::exchange(watching_writes_, on) == on) return;
  const std::uint32_t events = on ? kReadEvents | EPOLLOUT : kReadEvents;
  if (lane_.loop().change(channel_.descriptor(), events, *this)) return;
  watching_writes_ = !on;
  if (on) lane_.soon(*this);  // asked again and again, then
}

void Connection::want_thread(Executor& executor) { lane_.wait_for_thread(*this, executor); }
void Connection::want_buffer() { lane_.wait_for_buffer(*this); }
void Connection::bytes_moved() { lane_.touch(*this); }
void Connection::go_on_soon() { lane_.soon(*this); }

void Connection::remind_later() {
  if (!std::exchange(reminder_is_due_, true)) lane_.remind(*this);
}

}  // namespace entrepot::http::server::internal
