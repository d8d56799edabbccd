#pragma once
// http/server/internal/tls_session.h — TLS on one connected socket.

#include <sys/types.h>

#include <memory>
#include <string>

#include "base/bytes.h"
#include "http/server/internal/io.h"

struct ssl_st;
struct ssl_ctx_st;

namespace entrepot::http::server::internal {

// The server's end. OpenSSL works on the descriptor itself, so that the kernel can take over the
// encryption where it knows how (kTLS). Where it does not, records are gathered and sent many at
// once. Non-blocking; one thread at a time.
class TlsSession {
 public:
  // Encrypted at once, and so held at most for a client that reads slowly.
  static constexpr std::size_t kGatherBytes = 64 << 10;

  TlsSession(ssl_ctx_st& context, int descriptor);
  ~TlsSession();
  TlsSession(const TlsSession&) = delete;
  TlsSession& operator=(const TlsSession&) = delete;

  // False: there was no memory for it, and nothing else may be called.
  bool is_usable() const { return is_usable_; }

  enum class Handshake { Done, WantsRead, WantsWrite, Failed, PlainHttp };
  Handshake shake_hands();

  Io receive(char* buffer, std::size_t size);

  // Takes bytes for sending. What the socket did not take of them yet, flush() sends; as long as
  // that is Blocked, nothing more is taken.
  Io send(ByteView head, ByteView body);
  Io send_file(int file, off_t offset, std::size_t size);
  Io flush();
  bool holds_unsent() const { return !unsent_.empty(); }

  // Tells the client that nothing more comes. An attempt: the socket may be full.
  void say_end();

 private:
  struct Free {
    void operator()(ssl_st* ssl) const;
  };

  Io encrypt(ByteView plain);
  bool pass_on_gathered();
  Io send_some(ByteView encrypted);

  const std::unique_ptr<ssl_st, Free> ssl_;
  const int descriptor_;
  const bool is_usable_;
  bool in_kernel_ = false;  // kTLS encrypts what is sent
  std::string unsent_;      // encrypted
};

}  // namespace entrepot::http::server::internal
