#pragma once
// http/server/internal/file_sender.h — one answer out of a file.

#include <atomic>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "base/source.h"
#include "http/server/internal/channel.h"
#include "http/server/internal/turn_pool.h"

namespace entrepot::http::server::internal {

// Sends a head, then a range of a file, or pieces of one. Either at once on an event loop, when a
// range is short and in memory, or in turns on the data threads. One thread at a time.
class FileSender final : public Turns {
 public:
  static constexpr std::size_t kTurnBytes = 1 << 20;

  // Up to this a range may go out on the loop, where it costs what a few small answers cost. Under
  // TLS it has to be encrypted as well.
  static constexpr std::size_t kInlineBytes = 128 << 10;
  static constexpr std::size_t kInlineTlsBytes = 16 << 10;

  FileSender(Channel& channel, std::string head, FileRange file);
  FileSender(Channel& channel, std::string head, std::unique_ptr<FilePieces> pieces);

  // Short, and in the page cache as far as its ends tell: sending it will not wait for a disk.
  bool fits_loop() const;

  // Sends what the socket takes, at most kTurnBytes.
  enum class Progress { Sent, Blocked, TurnOver, Broken };
  Progress send();

  // Runs on a data thread when the turns are over.
  void when_over(std::function<void()> call) { over_ = std::move(call); }

  // From any thread: changes as long as bytes move.
  std::uint64_t sent_body_bytes() const { return sent_.load(std::memory_order_relaxed); }

  // Why the file, and not the client, is to blame for Broken. Valid when it is over.
  const std::optional<Error>& file_error() const { return file_error_; }
  // Of the file: the next byte to send.
  std::uint64_t offset_bytes() const { return range_.offset_bytes; }

  // Valid when it is over: did all go out?
  bool succeeded() const { return passed_on() && !channel_.holds_unsent(); }

  Next take_turn() override;
  void turns_are_over() override;

 private:
  bool has_more_pieces() const { return pieces_ && next_piece_ < pieces_->count(); }
  bool passed_on() const { return is_current_out() && !has_more_pieces(); }
  bool is_current_out() const { return text_sent_ == text_.size() && range_.length_bytes == 0; }
  Io send_current(std::size_t& budget);
  void begin_next_piece();
  void look_at_file();

  Channel& channel_;

  // What is being sent: a text (the head first, then those of the pieces) and the range behind it,
  // of which the front is cut off as it goes out.
  std::string text_;
  std::size_t text_sent_ = 0;
  ByteRange range_;

  const std::shared_ptr<const OpenFile> held_;  // null with pieces, which hold their own
  const std::unique_ptr<FilePieces> pieces_;    // null: one range
  const int file_;
  std::size_t next_piece_ = 0;
  std::atomic<std::uint64_t> sent_ = 0;
  std::optional<Error> file_error_;
  std::function<void()> over_;
};

}  // namespace entrepot::http::server::internal
