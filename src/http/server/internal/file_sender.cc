#include "http/server/internal/file_sender.h"

#include <sys/uio.h>

#include <algorithm>

namespace entrepot::http::server::internal {
namespace {

bool is_resident(int file, std::uint64_t offset) {
  char byte = 0;
  iovec target{&byte, 1};
  return ::preadv2(file, &target, 1, static_cast<off_t>(offset), RWF_NOWAIT) == 1;
}

}  // namespace

FileSender::FileSender(Channel& channel, std::string head, FileRange file)
    : channel_(channel),
      text_(std::move(head)),
      range_(file.range),
      held_(std::move(file.file)),
      file_(held_->descriptor()) {}

FileSender::FileSender(Channel& channel, std::string head, std::unique_ptr<FilePieces> pieces)
    : channel_(channel),
      text_(std::move(head)),
      pieces_(std::move(pieces)),
      file_(pieces_->file().descriptor()) {}

bool FileSender::fits_loop() const {
  if (pieces_) return false;
  if (range_.length_bytes == 0) return true;  // the head alone
  if (range_.length_bytes > (channel_.tls() != nullptr ? kInlineTlsBytes : kInlineBytes))
    return false;
  return is_resident(file_, range_.offset_bytes) && is_resident(file_, range_.end_bytes() - 1);
}

void FileSender::begin_next_piece() {
  auto [text, range] = pieces_->piece(next_piece_++);
  text_ = std::move(text);
  text_sent_ = 0;
  range_ = range;
}

// Sends once, from the text, or when that is out from the range, at most `budget`, which it lowers.
Io FileSender::send_current(std::size_t& budget) {
  if (text_sent_ < text_.size()) {
    const bool more = range_.length_bytes > 0 || has_more_pieces();
    const Io io = channel_.send(ByteView(text_).substr(text_sent_), {}, more);
    text_sent_ += io.bytes;
    const bool is_head = next_piece_ == 0;
    if (is_head) return io;
    budget -= std::min(budget, io.bytes);
    sent_.fetch_add(io.bytes, std::memory_order_relaxed);
    return io;
  }
  const std::size_t piece = std::min<std::uint64_t>(range_.length_bytes, budget);
  const Io io = channel_.send_file(file_, static_cast<off_t>(range_.offset_bytes), piece);
  range_ = {range_.offset_bytes + io.bytes, range_.length_bytes - io.bytes};
  budget -= io.bytes;
  sent_.fetch_add(io.bytes, std::memory_order_relaxed);
  if (io.state == Io::State::Broken) look_at_file();
  return io;
}

// A send that breaks does not tell on which side: the next byte of the file does.
void FileSender::look_at_file() {
  char byte = 0;
  const OpenFile& file = pieces_ ? pieces_->file() : *held_;
  const auto got = read_file(file, range_.offset_bytes, {&byte, 1});
  if (!got) {
    file_error_ = got.error();
  } else if (*got == 0) {
    file_error_ = Error{ErrorCode::OutOfRange, "the file ends too early"};
  }
}

FileSender::Progress FileSender::send() {
  std::size_t budget = kTurnBytes;
  while (!passed_on()) {
    if (budget == 0) return Progress::TurnOver;
    if (is_current_out()) begin_next_piece();
    const Io io = send_current(budget);
    if (io.state == Io::State::Blocked) return Progress::Blocked;
    if (io.state != Io::State::Moved) return Progress::Broken;
  }
  switch (channel_.flush().state) {
    case Io::State::Moved:
      return Progress::Sent;
    case Io::State::Blocked:
      return Progress::Blocked;
    default:
      return Progress::Broken;
  }
}

Turns::Next FileSender::take_turn() {
  const Progress progress = send();
  return progress == Progress::Blocked || progress == Progress::TurnOver ? Next::WhenWritable
                                                                         : Next::Over;
}

void FileSender::turns_are_over() {
  const auto over = std::move(over_);  // the call may lead to our destruction on the loop
  over();
}

}  // namespace entrepot::http::server::internal
