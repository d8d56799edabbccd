#pragma once
// http/server/internal/channel.h — a connected socket, plain or under TLS.

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <utility>

#include "base/bytes.h"
#include "http/server/internal/io.h"
#include "http/server/internal/tls_session.h"

namespace entrepot::http::server::internal {

// Never blocks. One thread at a time; threads that send block SIGPIPE (io.h).
class Channel {
 public:
  explicit Channel(int descriptor);  // takes the descriptor over
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  int descriptor() const { return descriptor_; }

  // Null for a plain connection. Set before anything is sent or received.
  TlsSession* tls() const { return tls_.get(); }
  void set_tls(std::unique_ptr<TlsSession> tls) { tls_ = std::move(tls); }

  Io receive(char* buffer, std::size_t size);

  // Reads and drops bytes as they are on the wire, under TLS too.
  Io discard(std::size_t size);

  // Sends from the front of `head`, then of `body`. `more`: further bytes follow at once.
  Io send(ByteView head, ByteView body, bool more);
  Io send_file(int file, off_t offset, std::size_t size);

  // Under TLS bytes may have been taken that the socket has not got yet: an answer is out only when
  // this moved (0 bytes, if there was nothing to do).
  Io flush() { return tls_ ? tls_->flush() : Io::moved(0); }
  bool holds_unsent() const { return tls_ && tls_->holds_unsent(); }

  // Tells a TLS client that nothing more comes, so that it need not suspect that something is
  // missing.
  void say_end() {
    if (tls_) tls_->say_end();
  }
  // Says that we send no more; what comes in can still be read.
  void shut_down_sending();
  // Ends both directions at once; whoever waits for the socket wakes up. The descriptor stays
  // until destruction, so that no other thread meets a new connection under its number.
  void shut_down();

  // After this the socket has something to read, or may have. Kept for edge-triggered polling:
  // set by the event, cleared by receive().
  bool maybe_readable() const { return maybe_readable_; }
  void set_readable(bool ended) {
    maybe_readable_ = true;
    ended_ = ended_ || ended;
  }

 private:
  const int descriptor_;
  std::unique_ptr<TlsSession> tls_;
  bool maybe_readable_ = true;
  bool ended_ = false;  // the end was announced: a short read does not mean that all was read
};

}  // namespace entrepot::http::server::internal
