#include "http/server/internal/channel.h"

#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

namespace entrepot::http::server::internal {
Channel::Channel(int descriptor) : descriptor_(descriptor) {}

Channel::~Channel() { ::close(descriptor_); }

Io Channel::receive(char* buffer, std::size_t size) {
  if (tls_) {
    const Io io = tls_->receive(buffer, size);
    if (io.state == Io::State::Blocked) maybe_readable_ = false;
    return io;
  }
  const ssize_t got =
      uninterrupted([&] { return ::recv(descriptor_, buffer, size, MSG_DONTWAIT); });
  if (got == 0) return {Io::State::Ended, 0};
  // A short read has emptied the socket; what comes later raises a new event.
  if (got < 0 || (static_cast<std::size_t>(got) < size && !ended_)) maybe_readable_ = false;
  return io_of(got);
}

Io Channel::discard(std::size_t size) {
  const ssize_t got =
      uninterrupted([&] { return ::recv(descriptor_, nullptr, size, MSG_DONTWAIT | MSG_TRUNC); });
  if (got == 0) return {Io::State::Ended, 0};
  if (got < 0) maybe_readable_ = false;
  return io_of(got);
}

Io Channel::send(ByteView head, ByteView body, bool more) {
  if (tls_) return tls_->send(head, body);
  iovec pieces[2] = {{const_cast<char*>(head.data()), head.size()},
                     {const_cast<char*>(body.data()), body.size()}};
  msghdr message{};
  message.msg_iov = pieces;
  message.msg_iovlen = body.empty() ? 1 : 2;
  const int flags = MSG_DONTWAIT | MSG_NOSIGNAL | (more ? MSG_MORE : 0);
  return io_of(uninterrupted([&] { return ::sendmsg(descriptor_, &message, flags); }));
}

Io Channel::send_file(int file, off_t offset, std::size_t size) {
  if (tls_) return tls_->send_file(file, offset, size);
  // 0 bytes of a file that was promised to have more: it shrank, and the answer cannot be kept.
  return io_of(uninterrupted([&] { return ::sendfile(descriptor_, file, &offset, size); }));
}

void Channel::shut_down_sending() {
  say_end();
  ::shutdown(descriptor_, SHUT_WR);
}

void Channel::shut_down() { ::shutdown(descriptor_, SHUT_RDWR); }

}  // namespace entrepot::http::server::internal
