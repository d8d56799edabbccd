#pragma once
// http/internal/channel.h — a connected socket, plain or under TLS.

#include <sys/types.h>

#include <cstddef>
#include <memory>

#include "base/bytes.h"

namespace entrepot::http::internal {

// What one attempt to move bytes came to. Bytes may have moved before it blocked.
struct Io {
  enum class State {
    Moved,    // `bytes` > 0 moved
    Blocked,  // nothing moved; try again when the socket is ready
    Ended,    // receive: the client will send no more
    Broken,   // the connection is of no use any more
  };
  State state = State::Blocked;
  std::size_t bytes = 0;
};

// Never blocks, never raises SIGPIPE where the kernel lets us say so (sendfile and OpenSSL's writes
// cannot: the program ignores the signal). One thread at a time.
class Channel {
 public:
  explicit Channel(int descriptor);  // takes the descriptor over
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  int descriptor() const { return descriptor_; }

  Io receive(char* buffer, std::size_t size);

  // Reads and drops bytes as they are on the wire, under TLS too.
  Io discard(std::size_t size);

  // Sends from the front of `head`, then of `body`. `more`: further bytes follow at once.
  Io send(ByteView head, ByteView body, bool more);
  Io send_file(int file, off_t offset, std::size_t size);

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
  bool maybe_readable_ = true;
  bool ended_ = false;  // the end was announced: a short read does not mean that all was read
};

}  // namespace entrepot::http::internal
