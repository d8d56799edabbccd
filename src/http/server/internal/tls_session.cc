#include "http/server/internal/tls_session.h"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>

#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/check.h"
#include "base/memory.h"

namespace entrepot::http::server::internal {
namespace {

constexpr std::size_t kRecordBytes = 16 << 10;
constexpr std::size_t kRecordOverheadBytes = 64;  // more than any cipher suite of ours adds

// Both belong to the thread, not to a session: they are empty whenever a call returns.
struct Workspace {
  std::array<char, TlsSession::kGatherBytes> plain;
  std::array<char, TlsSession::kGatherBytes + 32 * kRecordOverheadBytes> gathered;
  std::size_t gathered_bytes = 0;
};

// Neither made nor ended: what a thread would register to be ended wants memory, and OpenSSL, which
// calls us, does not expect an exception.
static_assert(std::is_trivially_destructible_v<Workspace>);
Workspace& workspace() {
  thread_local Workspace mine;
  return mine;
}

// A BIO that collects what OpenSSL writes.
int gather(BIO*, const char* data, std::size_t size, std::size_t* written) {
  Workspace& work = workspace();
  if (size > work.gathered.size() - work.gathered_bytes) return 0;
  std::memcpy(work.gathered.data() + work.gathered_bytes, data, size);
  work.gathered_bytes += size;
  *written = size;
  return 1;
}

long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

const BIO_METHOD* gather_method() {
  static BIO_METHOD* const method = [] {
    BIO_METHOD* made = ::BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "gather");
    if (made == nullptr) throw std::bad_alloc();  // the next connection tries again
    ::BIO_meth_set_write_ex(made, gather);
    ::BIO_meth_set_ctrl(made, control);
    return made;
  }();
  return method;
}

BIO* new_gather_bio() {
  BIO* bio = ::BIO_new(gather_method());
  if (bio != nullptr) ::BIO_set_init(bio, 1);
  return bio;
}

}  // namespace

void TlsSession::Free::operator()(ssl_st* ssl) const { ::SSL_free(ssl); }

TlsSession::TlsSession(ssl_ctx_st& context, int descriptor)
    : ssl_(::SSL_new(&context)),
      descriptor_(descriptor),
      is_usable_(ssl_ != nullptr && ::SSL_set_fd(ssl_.get(), descriptor) == 1) {
  if (is_usable_) ::SSL_set_accept_state(ssl_.get());
}

TlsSession::~TlsSession() = default;

TlsSession::Handshake TlsSession::shake_hands() {
  ::ERR_clear_error();
  const int result = ::SSL_do_handshake(ssl_.get());
  if (result == 1) {
    in_kernel_ = BIO_get_ktls_send(::SSL_get_wbio(ssl_.get())) != 0;
    if (in_kernel_) return Handshake::Done;
    BIO* const bio = new_gather_bio();
    if (bio == nullptr) return Handshake::Failed;
    ::SSL_set0_wbio(ssl_.get(), bio);
    return Handshake::Done;
  }
  switch (::SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      return Handshake::WantsRead;
    case SSL_ERROR_WANT_WRITE:
      return Handshake::WantsWrite;
    default:
      return ERR_GET_REASON(::ERR_peek_error()) == SSL_R_HTTP_REQUEST ? Handshake::PlainHttp
                                                                      : Handshake::Failed;
  }
}

Io TlsSession::receive(char* buffer, std::size_t size) {
  std::size_t filled = 0;
  while (filled < size) {
    std::size_t got = 0;
    ::ERR_clear_error();
    const int result = ::SSL_read_ex(ssl_.get(), buffer + filled, size - filled, &got);
    const int error = result == 1 ? SSL_ERROR_NONE : ::SSL_get_error(ssl_.get(), result);
    // A read may have something to say: an alert, or the answer to a change of keys.
    if (!pass_on_gathered()) return {Io::State::Broken, 0};
    filled += got;
    if (error == SSL_ERROR_NONE) continue;
    if (filled > 0) break;  // what stopped us will do so again
    if (error == SSL_ERROR_WANT_READ) return {Io::State::Blocked, 0};
    return {error == SSL_ERROR_ZERO_RETURN ? Io::State::Ended : Io::State::Broken, 0};
  }
  return Io::moved(filled);
}

Io TlsSession::send(ByteView head, ByteView body) {
  if (const Io io = flush(); io.state != Io::State::Moved) return io;
  if (head.empty()) return encrypt(body.substr(0, kGatherBytes));
  if (body.empty()) return encrypt(head.substr(0, kGatherBytes));
  // One record for a small answer.
  auto& plain = workspace().plain;
  const std::size_t from_head = std::min(head.size(), plain.size());
  const std::size_t from_body = std::min(body.size(), plain.size() - from_head);
  std::memcpy(plain.data(), head.data(), from_head);
  std::memcpy(plain.data() + from_head, body.data(), from_body);
  return encrypt({plain.data(), from_head + from_body});
}

Io TlsSession::send_file(int file, off_t offset, std::size_t size) {
  if (const Io io = flush(); io.state != Io::State::Moved) return io;
  if (in_kernel_) {
    ::ERR_clear_error();
    const ossl_ssize_t sent = ::SSL_sendfile(ssl_.get(), file, offset, size, 0);
    if (sent > 0) return Io::moved(static_cast<std::size_t>(sent));
    return {::SSL_get_error(ssl_.get(), static_cast<int>(sent)) == SSL_ERROR_WANT_WRITE
                ? Io::State::Blocked
                : Io::State::Broken,
            0};
  }
  auto& plain = workspace().plain;
  const ssize_t got = uninterrupted(
      [&] { return ::pread(file, plain.data(), std::min(size, plain.size()), offset); });
  if (got <= 0) return {Io::State::Broken, 0};
  return encrypt({plain.data(), static_cast<std::size_t>(got)});
}

// Encrypts all of `plain` (at most kGatherBytes), and sends that as far as the socket takes it.
Io TlsSession::encrypt(ByteView plain) {
  ::ERR_clear_error();
  if (in_kernel_) {
    std::size_t sent = 0;
    if (::SSL_write_ex(ssl_.get(), plain.data(), plain.size(), &sent) == 1) return Io::moved(sent);
    return {::SSL_get_error(ssl_.get(), 0) == SSL_ERROR_WANT_WRITE ? Io::State::Blocked
                                                                   : Io::State::Broken,
            0};
  }
  for (std::size_t done = 0; done < plain.size();) {
    std::size_t written = 0;
    const ByteView record = plain.substr(done, kRecordBytes);
    if (::SSL_write_ex(ssl_.get(), record.data(), record.size(), &written) != 1) {
      pass_on_gathered();
      return {Io::State::Broken, 0};  // for the gathering BIO never blocks
    }
    done += written;
  }
  return pass_on_gathered() ? Io::moved(plain.size()) : Io{Io::State::Broken, 0};
}

// Sends what was gathered on this thread; what the socket does not take stays with the session.
// False when the connection is of no use any more.
bool TlsSession::pass_on_gathered() {
  Workspace& work = workspace();
  ByteView gathered(work.gathered.data(), std::exchange(work.gathered_bytes, 0));
  if (gathered.empty()) return true;
  if (unsent_.empty()) {
    const Io io = send_some(gathered);
    if (io.state == Io::State::Broken) return false;
    gathered.remove_prefix(io.bytes);
  }
  unsent_.append(gathered);
  return unsent_.size() <= 2 * work.gathered.size();
}

Io TlsSession::send_some(ByteView encrypted) {
  return io_of(uninterrupted([&] {
    return ::send(descriptor_, encrypted.data(), encrypted.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  }));
}

Io TlsSession::flush() {
  if (unsent_.empty()) return Io::moved(0);
  const Io io = send_some(unsent_);
  unsent_.erase(0, io.bytes);
  if (io.state != Io::State::Moved) return io;
  if (!unsent_.empty()) return {Io::State::Blocked, 0};
  unsent_ = std::string();
  return Io::moved(0);
}

// Also for want of memory; then it may be left unsaid.
void TlsSession::say_end() {
  if (!is_usable_ || !::SSL_is_init_finished(ssl_.get()) || flush().state != Io::State::Moved) {
    return;
  }
  ::ERR_clear_error();
  ::SSL_shutdown(ssl_.get());
  static_cast<void>(had_memory([this] { pass_on_gathered(); }));
}

}  // namespace entrepot::http::server::internal
