#include "http/server/internal/body_receiver.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "base/check.h"

namespace entrepot::http::server::internal {

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
    if (received_bytes_ >= allowed_bytes_) return Status::WantsMemory;
    // Nothing to receive: no buffer either.
    if (input_.empty() && !channel_.maybe_readable()) return Status::WantsData;
    if (auto lacking = find_room(has_waited_for_buffer)) return *lacking;
    Half& half = filling();
    char* target = half.buffer.data() + half.filled;
    const Io io = pull(target, half.buffer.capacity() - half.filled);
    switch (io.state) {
      case Io::State::Moved:
        turn += io.bytes;
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
    if (half.filled < half.buffer.capacity() || grow(half)) return std::nullopt;
    return Status::WantsWriter;
  }
  const std::size_t wanted = std::min<std::uint64_t>(missing_bytes(), BufferPool::kLarge);
  const bool is_fast = fast_ || input_.rest().size() >= kFastBytes;
  if (is_fast) half.buffer = pool_.try_take(wanted, has_waited);
  if (!half.buffer) {
    half.buffer = pool_.try_take(std::min(wanted, BufferPool::kSmall), has_waited);
    small_is_new_ = static_cast<bool>(half.buffer);
  }
  half.gives_up = false;
  if (half.buffer) return std::nullopt;
  // With one buffer at the writer, the body goes on more slowly, but it goes on.
  return writing_ ? Status::WantsWriter : Status::WantsBuffer;
}

// A small buffer that is full before long makes place for a large one.
bool BodyReceiver::grow(Half& half) {
  if (half.buffer.capacity() > BufferPool::kSmall || !(fast_ || small_is_new_)) return false;
  const std::uint64_t wanted = half.filled + missing_bytes();
  Buffer larger = pool_.try_take(std::min<std::uint64_t>(wanted, BufferPool::kLarge));
  if (!larger || larger.capacity() <= half.filled) return false;
  std::memcpy(larger.data(), half.buffer.data(), half.filled);
  half.buffer = std::move(larger);
  return true;
}

// What came with the head is first.
Io BodyReceiver::pull(char* target, std::size_t room) {
  if (length_bytes_) room = std::min<std::uint64_t>(room, missing_bytes());
  room = std::min<std::uint64_t>({room, kTurnBytes, allowed_bytes_ - received_bytes_});
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
  Half& written = halves_[1 - filling_];
  written.filled = 0;
  if (written.gives_up) written.buffer.release();
  // Both halves hold a buffer only while both are needed.
  if (!filling().buffer) std::swap(halves_[0], halves_[1]);
}

BodyReceiver::Tick BodyReceiver::tick() {
  const std::uint64_t came = received_bytes_ - std::exchange(received_at_tick_, received_bytes_);
  fast_ = came >= kFastBytes;
  small_is_new_ = false;
  const bool holds_large = halves_[0].buffer.capacity() > BufferPool::kSmall ||
                           halves_[1].buffer.capacity() > BufferPool::kSmall;
  const bool give_up = came == 0 || (!fast_ && (holds_large || pool_.is_wanted()));
  for (Half& half : halves_) half.gives_up = give_up;
  return {came, give_up};
}

void BodyReceiver::release_idle_buffers() {
  for (std::size_t i = 0; i < halves_.size(); ++i) {
    const bool at_writer = writing_ && i != filling_;
    if (!at_writer && halves_[i].filled == 0) halves_[i].buffer.release();
  }
}

bool BodyReceiver::holds_buffer() const { return halves_[0].buffer || halves_[1].buffer; }

}  // namespace entrepot::http::server::internal
