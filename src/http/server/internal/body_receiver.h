#pragma once
// http/server/internal/body_receiver.h — a request's body on its way from the socket to the sink.

#include <array>
#include <cstdint>
#include <optional>

#include "base/error.h"
#include "http/request_data.h"
#include "http/server/internal/buffer_pool.h"
#include "http/server/internal/channel.h"
#include "http/server/internal/chunked.h"
#include "http/server/internal/input.h"

namespace entrepot::http::server::internal {

// Two buffers: the event loop receives into one while a data thread writes the other to the sink.
// A body begins in a small one, gets large ones as long as it comes fast, and none while it is
// silent. This class only does the loop's side and runs nothing itself; its owner passes the pieces
// on, and calls tick() a few times a second.
class BodyReceiver {
 public:
  // A body up to this is received whole, and written by whoever finishes the request.
  static constexpr std::size_t kSmallBodyBytes = 256 << 10;
  // A free writer gets at least this much at once, unless the sender stalls.
  static constexpr std::size_t kPieceBytes = 256 << 10;
  static constexpr std::size_t kTurnBytes = 256 << 10;
  // Between two ticks so much must come for the body to count as fast.
  static constexpr std::size_t kFastBytes = BufferPool::kSmall;

  BodyReceiver(Channel& channel, Input& input, BufferPool& pool, const Head& head,
               std::uint64_t limit_bytes);

  enum class Status {
    WantsData,    // the socket is empty
    WantsBuffer,  // the pool is: wait for it
    WantsMemory,  // as much came as was allowed: allow() more
    WantsWriter,  // the buffer is full: take_piece() as soon as the writer is free
    TurnOver,     // there may be more; let others go first
    Complete,     // all of it came; rest() was not taken yet
    Failed,       // error() says why: it broke off, or is malformed, or too long
    Gone,         // so is the client
  };
  Status receive(bool has_waited_for_buffer);

  // For a body that is kept in memory: receives no more than so much of it. At first: all.
  void allow(std::uint64_t bytes) { allowed_bytes_ = bytes; }

  // Is there enough to bother a free writer with? `stalled`: anything will do.
  bool piece_is_due(bool stalled) const;
  // The filled buffer; stays valid until piece_written().
  ByteView take_piece();
  void piece_written();

  // Some time has passed. `came_bytes`: of the body, since the last tick. `give_up`: what the body
  // holds is too much for how it comes; receive() and pass on what is there, as for a sender that
  // stalls, and the buffers go back to the pool.
  struct Tick {
    std::uint64_t came_bytes;
    bool give_up;
  };
  Tick tick();

  // Without bytes in them the buffers go back to the pool.
  void release_idle_buffers();
  bool holds_buffer() const;

  bool is_complete() const { return complete_; }
  const Error& error() const { return *error_; }
  std::uint64_t received_bytes() const { return received_bytes_; }

 private:
  struct Half {
    Buffer buffer;
    std::size_t filled = 0;
    bool gives_up = false;  // when it is written, the buffer goes back to the pool
  };

  Half& filling() { return halves_[filling_]; }
  const Half& filling() const { return halves_[filling_]; }
  bool ended() const { return complete_ || error_.has_value(); }
  std::uint64_t missing_bytes() const;
  std::optional<Status> find_room(bool has_waited);
  bool grow(Half& half);
  Io pull(char* target, std::size_t room);
  void take(char* data, std::size_t size);
  void take_chunked(char* data, std::size_t size);
  void fail_with(ErrorCode code, std::string_view message);

  Channel& channel_;
  Input& input_;
  BufferPool& pool_;
  const std::optional<std::uint64_t> length_bytes_;  // none: chunked
  const std::uint64_t limit_bytes_;
  ChunkedDecoder decoder_;

  std::array<Half, 2> halves_;
  std::size_t filling_ = 0;
  bool writing_ = false;  // the other half is at the writer
  bool complete_ = false;
  bool fast_ = false;          // in the time between the last two ticks
  bool small_is_new_ = false;  // a small buffer was taken since the last tick
  std::uint64_t received_bytes_ = 0;
  std::uint64_t received_at_tick_ = 0;
  std::uint64_t allowed_bytes_ = UINT64_MAX;
  std::optional<Error> error_;
};

}  // namespace entrepot::http::server::internal
