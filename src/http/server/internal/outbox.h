#pragma once
// http/server/internal/outbox.h — what of an answer the socket did not take at once.

#include <string>

#include "base/bytes.h"
#include "http/server/internal/channel.h"

namespace entrepot::http::server::internal {

// A head and a body in memory on their way out.
class Outbox {
 public:
  static constexpr std::size_t kTurnBytes = 1 << 20;

  Outbox(std::string head, ByteView body) : head_(std::move(head)), body_(body) {}

  // Has all of it been passed to the channel?
  bool empty() const { return sent_ == size(); }
  std::size_t sent_body_bytes() const { return sent_ > head_.size() ? sent_ - head_.size() : 0; }

  // Bytes that went out before.
  void skip(std::size_t bytes) { sent_ += bytes; }

  // Sends once, at most kTurnBytes.
  Io send(Channel& channel) {
    if (empty()) return channel.flush();
    const ByteView head = ByteView(head_).substr(std::min(sent_, head_.size()));
    const ByteView body = body_.substr(sent_body_bytes(), kTurnBytes);
    const Io io = head.empty() ? channel.send(body, {}, false) : channel.send(head, body, false);
    sent_ += io.bytes;
    return io;
  }

 private:
  std::size_t size() const { return head_.size() + body_.size(); }

  std::string head_;
  ByteView body_;  // owned by the response
  std::size_t sent_ = 0;
};

}  // namespace entrepot::http::server::internal
