#include "http/server/internal/delivery.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "http/server/internal/lane.h"

namespace entrepot::http::server::internal {
namespace {

constexpr std::size_t kStreamPieceBytes = 256 << 10;

}  // namespace

Delivery::Delivery(Lane& lane, Channel& channel, Owner& owner, Watched& whom)
    : lane_(lane),
      channel_(channel),
      owner_(owner),
      whom_(whom),
      later_(lane.loop(), *this, whom),
      job_(lane.loop(), whom) {}

Delivery::Outcome Delivery::start(std::string head, Source body, std::size_t sent_bytes,
                                  Context* context) {
  if (context != nullptr) context_ = context;
  body_ = std::move(body);
  if (const FileRange* file = body_.file()) {
    sender_.emplace(channel_, std::move(head), *file);
    return start_file();
  }
  if (body_.growing() != nullptr) {
    head_ = std::move(head);
    return send_grown();
  }
  if (auto* pieces = body_.pieces()) {
    sender_.emplace(channel_, std::move(head), std::move(*pieces));
    return start_file();
  }
  const SharedBytes* bytes = body_.bytes();
  outbox_.emplace(std::move(head), bytes && *bytes ? ByteView(**bytes) : ByteView());
  outbox_->skip(sent_bytes);
  const Outcome outcome = flush();
  if (outcome == Outcome::Later && bytes != nullptr && *bytes) {
    held_ = lane_.core().memory.hold(*bytes, later_.to(&Delivery::give_way));
  }
  return outcome;
}

void Delivery::on_events(bool reset) {
  reset_ = reset_ || reset;
  if (outbox_) return report(flush());
  if (body_.growing() == nullptr || sender_out_) return;
  if (!awaits_growth_) return report(send_grown());
  if (reset_) report(Outcome::Broken);
}

std::uint64_t Delivery::sent_body_bytes() const {
  return sent_before_ + (sender_ ? sender_->sent_body_bytes() : 0) +
         (outbox_ ? outbox_->sent_body_bytes() : 0);
}

std::optional<Delivery::FileFault> Delivery::file_fault() const {
  if (!sender_ || !sender_->file_error()) return std::nullopt;
  return FileFault{sender_->offset_bytes(), *sender_->file_error()};
}

Delivery::Outcome Delivery::break_off(const Error& error) {
  log::warning("request {}: the body of the answer broke off: {}", context_->request_id(), error);
  return Outcome::Broken;
}

void Delivery::report(Outcome outcome) {
  if (outcome != Outcome::Later) owner_.answer_is_sent(outcome == Outcome::Sent);
}

// --- Files ---------------------------------------------------------------------------------------

Delivery::Outcome Delivery::start_file() {
  if (sender_->fits_loop()) {
    const FileSender::Progress progress = sender_->send();
    if (progress == FileSender::Progress::Sent || progress == FileSender::Progress::Broken) {
      lane_.count_sent(sender_->sent_body_bytes());
      return progress == FileSender::Progress::Sent ? Outcome::Sent : Outcome::Broken;
    }
  }
  sender_out_ = true;
  sender_->when_over([this] { lane_.loop().post([this] { on_file_over(); }, &whom_); });
  lane_.core().turns->add(channel_.descriptor(), *sender_, Turns::Next::WhenWritable);
  return Outcome::Later;
}

void Delivery::on_file_over() {
  sender_out_ = false;
  if (abandoned_) return owner_.delivery_is_over();
  owner_.bytes_moved();
  lane_.count_sent(sender_->sent_body_bytes());
  report(after_grown(sender_->succeeded() ? Outcome::Sent : Outcome::Broken));
}

// --- Files that grow -----------------------------------------------------------------------------

// Sends what is there of the rest, or the head alone, or nothing yet. One piece at a time, so that
// a quick writer and a quick client do not keep the loop to themselves.
Delivery::Outcome Delivery::send_grown() {
  GrowingFile& file = *body_.growing()->growing;
  const ByteRange& wanted = body_.growing()->range;
  ByteRange piece{wanted.offset_bytes + sent_before_, 0};
  if (piece.offset_bytes < wanted.end_bytes()) {
    const auto there = file.available(piece.offset_bytes, later_.to(&Delivery::on_growth));
    if (!there) return break_off(there.error());
    if (*there > piece.offset_bytes) {
      piece.length_bytes = std::min(*there, wanted.end_bytes()) - piece.offset_bytes;
    } else if (*there == file.size_bytes()) {
      return break_off({ErrorCode::OutOfRange, "the file ends too early"});
    } else {
      awaits_growth_ = true;
      if (head_.empty()) return reset_ ? Outcome::Broken : Outcome::Later;
    }
  }
  sender_.emplace(channel_, std::exchange(head_, {}), FileRange{file.file(), piece});
  return after_grown(start_file());
}

// A piece is out, on its way, or broke off; so is any other file. What is next?
Delivery::Outcome Delivery::after_grown(Outcome piece) {
  const GrowingRange* growing = body_.growing();
  if (growing == nullptr || piece != Outcome::Sent) return piece;
  sent_before_ += sender_->sent_body_bytes();
  sender_.reset();
  owner_.bytes_moved();
  if (sent_before_ == growing->range.length_bytes) return Outcome::Sent;
  if (awaits_growth_) return reset_ ? Outcome::Broken : Outcome::Later;
  owner_.go_on_soon();
  return Outcome::Later;
}

// There is one such call for each time that awaits_growth_ was set.
void Delivery::on_growth() {
  awaits_growth_ = false;
  if (!abandoned_ && !sender_out_) report(send_grown());
}

// --- Memory and streams --------------------------------------------------------------------------

Delivery::Outcome Delivery::flush() {
  if (job_.out()) return Outcome::Later;
  const Io io = outbox_->send(channel_);
  if (io.state == Io::State::Broken) return Outcome::Broken;
  if (io.bytes > 0) {
    lane_.count_sent(io.bytes);
    if (held_) held_.moved(io.bytes);
    owner_.bytes_moved();
  }
  if (!outbox_->empty() || channel_.holds_unsent()) {
    owner_.watch_writes(io.state == Io::State::Blocked);
    if (io.state == Io::State::Moved) owner_.go_on_soon();
    return Outcome::Later;
  }
  const StreamRange* stream = body_.stream();
  if (stream == nullptr || sent_body_bytes() == stream->size_bytes) return Outcome::Sent;
  read_stream();
  return Outcome::Later;
}

void Delivery::read_stream() {
  sent_before_ += outbox_->sent_body_bytes();
  outbox_.reset();
  const std::uint64_t missing = body_.stream()->size_bytes - sent_before_;
  piece_.resize(std::min<std::uint64_t>(missing, kStreamPieceBytes));
  job_.run(
      *lane_.core().options.workers,
      [this] {
        stream_error_ = Error{ErrorCode::Unavailable, "no memory"};  // unless it goes on
        std::size_t filled = 0;
        while (filled < piece_.size()) {
          auto got = body_.stream()->stream->read(*context_, std::span(piece_).subspan(filled));
          if (!got || *got == 0) {
            stream_error_ = got ? Error{ErrorCode::Corrupt, "it ended early"} : got.error();
            return;
          }
          filled += *got;
        }
        stream_error_.reset();
      },
      [this] { on_stream_read(); });
}

void Delivery::on_stream_read() {
  if (abandoned_) return owner_.delivery_is_over();
  if (stream_error_) return report(break_off(*stream_error_));
  outbox_.emplace(std::string(), piece_);
  report(flush());
}

// Others need the memory, and this client is the slowest to read.
void Delivery::give_way() {
  if (!abandoned_ && held_) report(Outcome::Broken);
}

void Delivery::abandon() {
  abandoned_ = true;
  if (job_.out()) context_->cancel();
  if (!job_.out() && !sender_out_) owner_.delivery_is_over();
}

}  // namespace entrepot::http::server::internal
