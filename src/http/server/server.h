#pragma once
// http/server/server.h — an HTTP/1.1 server: sockets, framing, TLS, threads.

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/executor.h"
#include "base/metrics.h"
#include "base/result.h"
#include "http/handler.h"
#include "http/memory.h"
#include "http/message.h"
#include "http/server/tls.h"

namespace entrepot::http::server {

// One finished exchange, for the access log and metrics. Called on an event loop or data thread;
// must not block.
struct Exchange {
  const Request* request = nullptr;  // null when refused before it was one
  std::string_view request_id;       // X-Request-Id of the answer
  std::string_view refusal;          // why, when it was refused
  const Peer* peer = nullptr;
  int status = 0;
  std::string_view route;
  std::string_view actor;            // Response::actor
  std::uint64_t received_bytes = 0;  // of the body
  std::uint64_t sent_bytes = 0;      // of the body
  std::chrono::microseconds duration{};
  bool complete = true;  // false: the client went away before the whole answer was sent
};

struct Limits {
  std::size_t request_line_bytes = 16 << 10;  // past it 414
  std::size_t head_bytes = 64 << 10;          // past it 431
  std::size_t header_count = 100;             // past it 431

  // A connection without a request under way, or a reader of an answer, from whom nothing came and
  // to whom nothing went for so long is closed. There is no limit on the total time.
  std::chrono::seconds idle{75};
  // A head (else 408), a TLS handshake, and an unread body that is dropped are whole so long after
  // their first byte, else the connection closes.
  std::chrono::milliseconds head{10'000};
  // A body of which less than 1 KiB a second came on average over the last so long gets 408; what
  // came stays with the sink. Silence for a part of it is fine: clients compress as they go.
  std::chrono::milliseconds push{600'000};

  // For all clients together. Past it those make room that have sent nothing whole yet, then the
  // longest idle ones; without either, new clients wait in the kernel's queue. 0: what
  // RLIMIT_NOFILE leaves.
  std::size_t connections = 0;
  std::size_t drain_body_bytes =
      64 << 10;  // an unread body up to this is read and dropped to keep the connection
  // Of 1 MiB, for all pushes together. A push holds one, or a part of one, while its bytes come
  // fast, a small one of 16 KiB while they drip, and none while it is silent. One without waits,
  // and the slow ones give theirs up; 503 after 10 s.
  std::size_t receive_buffers = 64;
  // For all clients together: bodies that are collected in memory, answers that nobody reads, and
  // work on both; see http/memory.h. Of no account that ServerOptions gives.
  std::size_t memory_bytes = 64 << 20;
};

struct ServerOptions {
  std::size_t loops = 0;         // 0: one per core
  std::size_t data_threads = 0;  // 0: as many as cores
  Limits limits;
  // For handle(); both bounded: a request that finds its queue full waits, then gets 503 +
  // Retry-After past 5 s.
  Executor* workers = nullptr;
  Executor* finishers = nullptr;  // for finish() and failed(), too
  metrics::Registry* metrics = nullptr;
  MemoryAccount* memory = nullptr;               // null: one of the server's own
  std::function<void(const Exchange&)> observe;  // may be empty
  std::string server_header = "entrepot";
  std::shared_ptr<const net::Networks> proxies;  // Peer::proxies
};

// Threads: an event loop per core parses, answers from memory and hands over; data threads move
// bulk bytes in turns of at most 1 MiB; handlers run on the workers, and on the finishers where
// they wait for a disk. A slow client costs a socket and a small buffer, never a thread. Idle
// connections hold no buffer.
class Server {
 public:
  // The handler outlives the server.
  static Result<std::unique_ptr<Server>> open(ServerOptions options, Handler& handler);
  virtual ~Server() = default;  // closes everything at once; drain() first

  // Binds and accepts. `host` is an IP literal ("127.0.0.1", "::1", "0.0.0.0", "::"; an empty one
  // means all addresses of both families), port 0 lets the system choose; returns the bound port.
  // "@name" is an abstract name of this machine, for its own programs: peers count as loopback.
  // `tls` null: plain HTTP. Unavailable with the reason (in use, not permitted).
  virtual Result<std::uint16_t> listen(const std::string& host, std::uint16_t port,
                                       std::shared_ptr<TlsContext> tls) = 0;

  // The first half of listen(): clients that connect wait in the kernel's queue until accept().
  // For a program that has to be root to bind and must not be root to answer.
  virtual Result<std::uint16_t> bind(const std::string& host, std::uint16_t port,
                                     std::shared_ptr<TlsContext> tls) = 0;
  // Accepts on everything that was bound so far. Unavailable.
  virtual Result<void> accept() = 0;

  // Stops accepting, closes idle connections at once, lets running exchanges end until the
  // deadline, then closes what is left; returns how many were cut.
  virtual std::size_t drain(std::chrono::milliseconds patience) = 0;
};

}  // namespace entrepot::http::server
