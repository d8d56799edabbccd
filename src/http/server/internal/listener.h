#pragma once
// http/server/internal/listener.h — a listening socket.

#include <netinet/in.h>

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "http/server/internal/core.h"
#include "http/server/internal/event_loop.h"

namespace entrepot::http::server::internal {

class Lane;

// A bound and listening socket; closed on destruction.
class ListeningSocket {
 public:
  // `host` is an IP literal, or a local name with "@" before it. IPv6 sockets take no IPv4
  // connections. InvalidArgument; Unsupported (the machine has no such address); Unavailable (in
  // use, not permitted).
  static Result<ListeningSocket> open(const std::string& host, std::uint16_t port);

  ListeningSocket(ListeningSocket&& other) noexcept;
  ListeningSocket& operator=(ListeningSocket&&) = delete;
  ~ListeningSocket();

  int descriptor() const { return descriptor_; }
  std::uint16_t port() const { return port_; }

 private:
  ListeningSocket(int descriptor, std::uint16_t port) : descriptor_(descriptor), port_(port) {}

  int descriptor_;
  std::uint16_t port_;
};

// Accepts on one lane's loop and gives each connection to the lane with the fewest. Past the limit
// of connections, and when the process has no descriptor left, it pauses: clients wait in the
// kernel's queue.
class Listener final : public Watched {
 public:
  Listener(Core& core, Lane& home, std::span<const std::unique_ptr<Lane>> lanes,
           ListeningSocket socket, std::shared_ptr<TlsContext> tls);
  ~Listener();

  // On the home lane's loop, like all that follows.
  Result<void> start();
  void on_events(std::uint32_t events) override;
  void on_no_memory() override;

  // True while it stays paused.
  bool resume_if_paused();

  // Has a data thread load the certificate anew if its files changed.
  void check_certificate();

 private:
  bool accept_one();
  bool has_room() const;
  std::size_t count_waiting() const;
  void make_room();
  void pause(std::chrono::milliseconds time);

  Core& core_;
  Lane& home_;
  const std::span<const std::unique_ptr<Lane>> lanes_;
  const ListeningSocket socket_;
  const std::shared_ptr<TlsContext> tls_;
  bool paused_ = false;
  SteadyTime paused_until_{};
};

}  // namespace entrepot::http::server::internal
