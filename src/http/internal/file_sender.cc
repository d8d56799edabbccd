#include "http/internal/file_sender.h"

#include <sys/uio.h>

#include <algorithm>

namespace entrepot::http::internal {
namespace {

bool is_resident(int file, std::uint64_t offset) {
  char byte = 0;
  iovec target{&byte, 1};
  return ::preadv2(file, &target, 1, static_cast<off_t>(offset), RWF_NOWAIT) == 1;
}

}  // namespace

FileSender::FileSender(Channel& channel, std::string head, FileRange file)
    : channel_(channel), head_(std::move(head)), file_(std::move(file)) {}

bool FileSender::fits_loop() const {
  const ByteRange& range = file_.range;
  if (range.length_bytes > (channel_.tls() != nullptr ? kInlineTlsBytes : kInlineBytes))
    return false;
  const int file = file_.file->descriptor();
  return is_resident(file, range.offset_bytes) && is_resident(file, range.end_bytes() - 1);
}

ByteRange FileSender::rest() const {
  const std::uint64_t sent = sent_body_bytes();
  return {file_.range.offset_bytes + sent, file_.range.length_bytes - sent};
}

// A send that breaks does not tell on which side: the next byte of the file does.
void FileSender::look_at_file() {
  Context context;
  Source file(file_);
  char byte = 0;
  const auto got = read_some(context, file, sent_body_bytes(), {&byte, 1});
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
    Io io;
    if (head_sent_ < head_.size()) {
      io = channel_.send(ByteView(head_).substr(head_sent_), {}, true);
      head_sent_ += io.bytes;
    } else {
      const ByteRange range = rest();
      const std::size_t piece = std::min<std::uint64_t>(range.length_bytes, budget);
      io = channel_.send_file(file_.file->descriptor(), static_cast<off_t>(range.offset_bytes),
                              piece);
      sent_.fetch_add(io.bytes, std::memory_order_relaxed);
      budget -= io.bytes;
      if (io.state == Io::State::Broken) look_at_file();
    }
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

}  // namespace entrepot::http::internal
