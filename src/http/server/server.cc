#include "http/server/server.h"

#include <sys/resource.h>

#include <algorithm>
#include <limits>
#include <thread>
#include <utility>

#include "base/check.h"
#include "http/server/internal/core.h"
#include "http/server/internal/lane.h"
#include "http/server/internal/listener.h"

namespace entrepot::http::server {
namespace {

using internal::Core;
using internal::Lane;
using internal::Listener;
using internal::ListeningSocket;

constexpr std::chrono::milliseconds kDrainPoll{2};
constexpr int kPortAttempts = 16;

// What the program needs besides connections, however few descriptors there are: some 30 of its own
// (the store, its readers, loops, the probe), and a file for each of as many connections as are
// left.
constexpr std::size_t kKeptDescriptors = 52;
constexpr std::size_t kLeastConnections = 8;

// A quarter of the descriptors is left for files and the rest of the program.
std::size_t connections_that_fit() {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return std::numeric_limits<std::size_t>::max();
  }
  const std::size_t kept = std::max<std::size_t>(limit.rlim_cur / 4, kKeptDescriptors);
  if (limit.rlim_cur < kept + kLeastConnections) return kLeastConnections;
  return limit.rlim_cur - kept;
}

std::size_t or_cores(std::size_t wanted) {
  return wanted > 0 ? wanted : std::max(1U, std::thread::hardware_concurrency());
}

class EpollServer final : public Server {
 public:
  EpollServer(ServerOptions options, Handler& handler, std::size_t data_threads)
      : core_(std::move(options), handler, data_threads) {}

  ~EpollServer() override {
    close_listeners();
    for (const auto& lane : lanes_) lane->cut_all();
    for (const auto& lane : lanes_) lane->stop_and_join();
  }

  Result<void> start(std::size_t data_threads) {
    const std::size_t limit = core_.options.limits.connections;
    core_.connection_limit = limit > 0 ? limit : connections_that_fit();
    TRY_ASSIGN(core_.turns, internal::TurnPool::open(data_threads));
    const std::size_t loops = or_cores(core_.options.loops);
    for (std::size_t i = 0; i < loops; ++i) {
      TRY_ASSIGN(auto lane, Lane::open(core_));
      lane->start(i);
      lanes_.push_back(std::move(lane));
    }
    return {};
  }

  Result<std::uint16_t> listen(const std::string& host, std::uint16_t port,
                               std::shared_ptr<TlsContext> tls) override {
    TRY_ASSIGN(const std::uint16_t bound, bind(host, port, std::move(tls)));
    TRY(accept());
    return bound;
  }

  Result<std::uint16_t> bind(const std::string& host, std::uint16_t port,
                             std::shared_ptr<TlsContext> tls) override {
    if (host.empty()) return bind_everywhere(port, tls);
    TRY_ASSIGN(auto socket, ListeningSocket::open(host, port));
    return keep(std::move(socket), std::move(tls));
  }

  Result<void> accept() override {
    for (Bound& bound : std::exchange(bound_, {})) {
      Lane& home = *lanes_[next_home_++ % lanes_.size()];
      TRY(home.add_listener(std::make_unique<Listener>(core_, home, lanes_, std::move(bound.socket),
                                                       std::move(bound.tls))));
    }
    return {};
  }

  std::size_t drain(std::chrono::milliseconds patience) override {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    close_listeners();
    core_.draining = true;
    for (const auto& lane : lanes_) lane->drain();
    while (core_.connections > 0 && std::chrono::steady_clock::now() < deadline) {
      std::this_thread::sleep_for(kDrainPoll);
    }
    std::size_t cut = 0;
    for (const auto& lane : lanes_) cut += lane->cut_all();
    return cut;
  }

 private:
  struct Bound {
    ListeningSocket socket;
    std::shared_ptr<TlsContext> tls;
  };

  std::uint16_t keep(ListeningSocket socket, std::shared_ptr<TlsContext> tls) {
    const std::uint16_t port = socket.port();
    bound_.push_back({std::move(socket), std::move(tls)});
    return port;
  }

  // Both families on one port. IPv6 may be switched off; and a port that the system chose for IPv4
  // may be taken under IPv6, then another one is tried.
  Result<std::uint16_t> bind_everywhere(std::uint16_t port,
                                        const std::shared_ptr<TlsContext>& tls) {
    for (int attempt = 1;; ++attempt) {
      TRY_ASSIGN(auto v4, ListeningSocket::open("0.0.0.0", port));
      auto v6 = ListeningSocket::open("::", v4.port());
      if (!v6 && v6.error().code != ErrorCode::Unsupported) {
        if (port == 0 && attempt < kPortAttempts) continue;
        return propagate(std::move(v6));
      }
      if (v6) keep(*std::move(v6), tls);
      return keep(std::move(v4), tls);
    }
  }

  void close_listeners() {
    for (const auto& lane : lanes_) lane->close_listeners();
  }

  Core core_;
  std::vector<std::unique_ptr<Lane>> lanes_;
  std::vector<Bound> bound_;  // until accept()
  std::size_t next_home_ = 0;
};

}  // namespace

Result<std::unique_ptr<Server>> Server::open(ServerOptions options, Handler& handler) {
  if (options.workers == nullptr || options.finishers == nullptr) {
    return fail(ErrorCode::InvalidArgument, "a server needs workers and finishers");
  }
  const std::size_t data_threads = or_cores(options.data_threads);
  auto server = std::make_unique<EpollServer>(std::move(options), handler, data_threads);
  TRY(server->start(data_threads));
  return server;
}

}  // namespace entrepot::http::server
