#pragma once
// http/server/internal/tls_handshake.h — the start of a TLS connection, on the data threads.

#include <functional>
#include <utility>

#include "http/server/internal/tls_session.h"
#include "http/server/internal/turn_pool.h"

namespace entrepot::http::server::internal {

// A handshake costs a millisecond of arithmetic: too long for an event loop.
class TlsHandshake final : public Turns {
 public:
  // Both are called on a data thread: `begun` once, when the first byte has come and more must.
  TlsHandshake(TlsSession& session, std::function<void()> begun, std::function<void()> over)
      : session_(session), begun_(std::move(begun)), over_(std::move(over)) {}

  // Valid when it is over: Done, Failed or PlainHttp.
  TlsSession::Handshake outcome() const { return outcome_; }

  Next take_turn() override {
    outcome_ = session_.shake_hands();
    const bool goes_on = outcome_ == TlsSession::Handshake::WantsRead ||
                         outcome_ == TlsSession::Handshake::WantsWrite;
    if (const auto begun = std::exchange(begun_, nullptr); begun && goes_on) begun();
    if (outcome_ == TlsSession::Handshake::WantsRead) return Next::WhenReadable;
    if (outcome_ == TlsSession::Handshake::WantsWrite) return Next::WhenWritable;
    return Next::Over;
  }
  void turns_are_over() override {
    const auto over = std::move(over_);  // the call may lead to our destruction on the loop
    over();
  }

 private:
  TlsSession& session_;
  std::function<void()> begun_;
  std::function<void()> over_;
  TlsSession::Handshake outcome_ = TlsSession::Handshake::WantsRead;
};

}  // namespace entrepot::http::server::internal
