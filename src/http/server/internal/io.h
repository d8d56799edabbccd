#pragma once
// http/server/internal/io.h — what one attempt to move bytes came to.

#include <pthread.h>
#include <signal.h>
#include <sys/types.h>

#include <cerrno>
#include <cstddef>

namespace entrepot::http::server::internal {

struct Io {
  enum class State {
    Moved,    // `bytes` > 0 moved
    Blocked,  // nothing moved; try again when the socket is ready
    Ended,    // receive: the client will send no more
    Broken,   // the connection is of no use any more
  };
  State state = State::Blocked;
  std::size_t bytes = 0;

  static Io moved(std::size_t bytes) { return {State::Moved, bytes}; }
};

// From what recv, send or sendfile returned; for 0, which means something else for each, Broken.
inline Io io_of(ssize_t result) {
  if (result > 0) return Io::moved(static_cast<std::size_t>(result));
  if (result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) return {Io::State::Blocked, 0};
  return {Io::State::Broken, 0};
}

// For threads that write to sockets: sendfile and OpenSSL cannot be told to raise no SIGPIPE for a
// client that has gone. Blocked, it does nothing; the call fails with EPIPE.
inline void block_sigpipe() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGPIPE);
  ::pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

// Calls again what a signal interrupted.
template <class Call>
ssize_t uninterrupted(const Call& call) {
  for (;;) {
    const ssize_t result = call();
    if (result >= 0 || errno != EINTR) return result;
  }
}

}  // namespace entrepot::http::server::internal
