#include "http/internal/body_receiver.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace entrepot::http::internal {

BodyReceiver::BodyReceiver(Channel& channel, Input& input, BufferPool& pool, const Head& head,
                           std::uint64_t limit_bytes)
    : channel_(channel),
      input_(input),
      pool_(pool),
      length_bytes_(head.chunked ? std::nullopt
                                 : std::optional(head.content_length_bytes.value_or(0))),
      limit_bytes_(limit_bytes),
      complete_(length_bytes_ == 0U) {}

BodyReceiver::Status BodyReceiver::receive(bool has_waited_for_buffer) {
  std::size_t turn = 0;
  while (!ended()) {
    if (turn >= kTurnBytes) return Status::TurnOver;
    if (auto lacking = find_room(has_waited_for_buffer)) return *lacking;
    Half& half = filling();
    char* target = half.buffer.data() + half.filled;
    const Io io = pull(target, half.buffer.capacity() - half.filled);
    switch (io.state) {
      case Io::State::Moved:
        turn += io.bytes;
        moved_ = true;
        take(target, io.bytes);
        break;
      case Io::State::Blocked:
        return Status::WantsData;
      case Io::State::Ended:
        fail_with(ErrorCode::Cancelled, "the body broke off");
        break;
      case Io::State::Broken:
        return Status::Gone;
    }
  }
  return error_ ? Status::Failed : Status::Complete;
}

std::uint64_t BodyReceiver::missing_bytes() const {
  return length_bytes_ ? *length_bytes_ - received_bytes_ : BufferPool::kLarge;
}

// Makes sure that the filling half has room; else what the body waits for.
std::optional<BodyReceiver::Status> BodyReceiver::find_room(bool has_waited) {
  Half& half = filling();
  if (half.buffer) {
    if (half.filled < half.buffer.capacity()) return std::nullopt;
    return Status::WantsWriter;
  }
  const std::size_t wanted = std::min<std::uint64_t>(missing_bytes(), BufferPool::kLarge);
  half.buffer = pool_.try_take(wanted, has_waited);
  if (half.buffer) return std::nullopt;
  // With one buffer at the writer, the body goes on more slowly, but it goes on.
  return writing_ ? Status::WantsWriter : Status::WantsBuffer;
}

// What came with the head is first.
Io BodyReceiver::pull(char* target, std::size_t room) {
  if (length_bytes_) room = std::min<std::uint64_t>(room, missing_bytes());
  room = std::min(room, kTurnBytes);
  if (input_.empty()) {
    return channel_.maybe_readable() ? channel_.receive(target, room) : Io{};
  }
  const std::size_t size = std::min(room, input_.rest().size());
  std::memcpy(target, input_.rest().data(), size);
  input_.drop(size);
  if (input_.empty()) input_.keep();  // gives its memory back
  return {Io::State::Moved, size};
}

void BodyReceiver::take(char* data, std::size_t size) {
  if (!length_bytes_) return take_chunked(data, size);
  filling().filled += size;
  received_bytes_ += size;
  complete_ = received_bytes_ == *length_bytes_;
}

void BodyReceiver::take_chunked(char* data, std::size_t size) {
  const ChunkedDecoder::Step step = decoder_.decode(data, size);
  filling().filled += step.payload_bytes;
  received_bytes_ += step.payload_bytes;
  if (received_bytes_ > limit_bytes_) {
    return fail_with(ErrorCode::TooLarge, "the body is longer than allowed");
  }
  if (step.status == ChunkedDecoder::Status::Malformed) {
    return fail_with(ErrorCode::InvalidArgument, decoder_.problem());
  }
  if (step.status == ChunkedDecoder::Status::Incomplete) return;
  complete_ = true;
  if (step.used_bytes == size) return;
  // The next request came along. The decoder left it where it was, behind the payload.
  std::string behind(data + step.used_bytes, size - step.used_bytes);
  behind.append(input_.rest());
  input_ = Input(std::move(behind));
}

void BodyReceiver::fail_with(ErrorCode code, std::string_view message) {
  error_ = Error{code, std::string(message)};
}

bool BodyReceiver::piece_is_due(bool stalled) const {
  const Half& half = filling();
  if (writing_ || half.filled == 0) return false;
  if (ended()) return half.filled > kSmallBodyBytes;
  if (length_bytes_ && *length_bytes_ <= kSmallBodyBytes) return stalled;
  return stalled || half.filled >= kPieceBytes || half.filled == half.buffer.capacity();
}

ByteView BodyReceiver::take_piece() {
  CHECK(!writing_);
  const Half& half = filling();
  writing_ = true;
  filling_ = 1 - filling_;
  return {half.buffer.data(), half.filled};
}

void BodyReceiver::piece_written() {
  CHECK(writing_);
  writing_ = false;
  halves_[1 - filling_].filled = 0;
  // Both halves hold a buffer only while both are needed.
  if (!filling().buffer) std::swap(halves_[0], halves_[1]);
}

void BodyReceiver::release_idle_buffers() {
  for (std::size_t i = 0; i < halves_.size(); ++i) {
    const bool at_writer = writing_ && i != filling_;
    if (!at_writer && halves_[i].filled == 0) halves_[i].buffer.release();
  }
}

bool BodyReceiver::holds_buffer() const { return halves_[0].buffer || halves_[1].buffer; }

}  // namespace entrepot::http::internal
