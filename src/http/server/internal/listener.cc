#include "http/server/internal/listener.h"

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <utility>

#include "base/log.h"
#include "http/server/internal/lane.h"
#include "net/networks.h"

namespace entrepot::http::server::internal {
namespace {

constexpr int kBacklog = 4096;
constexpr int kAcceptsATurn = 64;
// More at once would close those who are about to say something: at 20 ms a round, an honest
// handshake has at least a quarter of a second among 200 connections.
constexpr std::size_t kMostMadeRoom = 16;
constexpr std::chrono::milliseconds kLimitPause{20};
constexpr std::chrono::milliseconds kErrorPause{200};

union Address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
  sockaddr_un local;
};

// An abstract name of this machine: no file, and gone with its socket.
bool is_local(const std::string& host) { return host.starts_with('@'); }

Result<Address> parse_address(const std::string& host, std::uint16_t port) {
  Address address{};
  if (is_local(host)) {
    if (host.size() > sizeof address.local.sun_path) {
      return fail(ErrorCode::InvalidArgument, "'{}' is too long for a local name", host);
    }
    address.local.sun_family = AF_UNIX;
    host.copy(address.local.sun_path + 1, host.size() - 1, 1);  // behind a zero octet
    return address;
  }
  if (::inet_pton(AF_INET, host.c_str(), &address.v4.sin_addr) == 1) {
    address.v4.sin_family = AF_INET;
    address.v4.sin_port = htons(port);
    return address;
  }
  if (::inet_pton(AF_INET6, host.c_str(), &address.v6.sin6_addr) == 1) {
    address.v6.sin6_family = AF_INET6;
    address.v6.sin6_port = htons(port);
    return address;
  }
  return fail(ErrorCode::InvalidArgument, "'{}' is no IP address, such as 127.0.0.1 or ::1", host);
}

socklen_t size_of(const Address& address, const std::string& host) {
  if (address.any.sa_family == AF_UNIX) {
    return static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + host.size());
  }
  return address.any.sa_family == AF_INET ? sizeof address.v4 : sizeof address.v6;
}

Peer describe(const Address& address, bool tls, std::shared_ptr<const net::Networks> proxies) {
  Peer peer;
  char text[INET6_ADDRSTRLEN] = "";
  if (address.any.sa_family == AF_INET) {
    ::inet_ntop(AF_INET, &address.v4.sin_addr, text, sizeof text);
    peer.port = ntohs(address.v4.sin_port);
    peer.loopback = (ntohl(address.v4.sin_addr.s_addr) >> 24) == 127;
  } else if (address.any.sa_family == AF_UNIX) {
    peer.loopback = true;
  } else {
    ::inet_ntop(AF_INET6, &address.v6.sin6_addr, text, sizeof text);
    peer.port = ntohs(address.v6.sin6_port);
    peer.loopback = IN6_IS_ADDR_LOOPBACK(&address.v6.sin6_addr);
  }
  peer.address = text;
  peer.tls = tls;
  peer.is_proxy = proxies != nullptr && proxies->contains(peer.address);
  peer.proxies = std::move(proxies);
  return peer;
}

}  // namespace

Result<ListeningSocket> ListeningSocket::open(const std::string& host, std::uint16_t port) {
  TRY_ASSIGN(Address address, parse_address(host, port));
  const int descriptor =
      ::socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (descriptor < 0 && errno == EAFNOSUPPORT) {
    return fail(ErrorCode::Unsupported, "this machine has no such addresses as {}", host);
  }
  if (descriptor < 0) return fail(ErrorCode::Unavailable, "socket: {}", std::strerror(errno));
  ListeningSocket socket(descriptor, 0);

  const int on = 1;
  ::setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  // Accepted sockets inherit this: an answer's last bytes never wait for an acknowledgement.
  ::setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (address.any.sa_family == AF_INET6) {
    ::setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  if (::bind(descriptor, &address.any, size_of(address, host)) < 0 ||
      ::listen(descriptor, kBacklog) < 0) {
    const ErrorCode code = errno == EADDRNOTAVAIL ? ErrorCode::Unsupported : ErrorCode::Unavailable;
    return fail(code, "cannot listen on {} port {}: {}", host, port, std::strerror(errno));
  }
  if (is_local(host)) return socket;
  socklen_t size = sizeof address;
  if (::getsockname(descriptor, &address.any, &size) < 0) {
    return fail(ErrorCode::Unavailable, "getsockname: {}", std::strerror(errno));
  }
  // Both families keep the port in the same place.
  socket.port_ = ntohs(address.v4.sin_port);
  return socket;
}

ListeningSocket::ListeningSocket(ListeningSocket&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), port_(other.port_) {}

ListeningSocket::~ListeningSocket() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Listener::Listener(Core& core, Lane& home, std::span<const std::unique_ptr<Lane>> lanes,
                   ListeningSocket socket, std::shared_ptr<TlsContext> tls)
    : core_(core), home_(home), lanes_(lanes), socket_(std::move(socket)), tls_(std::move(tls)) {}

Listener::~Listener() { home_.loop().forget(socket_.descriptor()); }

Result<void> Listener::start() {
  if (home_.loop().watch(socket_.descriptor(), EPOLLIN, *this)) return {};
  return fail(ErrorCode::Unavailable, "epoll: {}", std::strerror(errno));
}

// Called because somebody waits to be accepted.
void Listener::on_events(std::uint32_t) {
  if (!has_room()) return make_room();
  for (int i = 0; i < kAcceptsATurn && has_room(); ++i) {
    if (!accept_one()) return;
  }
}

// Those who wait stay in the kernel's queue meanwhile.
void Listener::on_no_memory() { pause(kErrorPause); }

bool Listener::has_room() const { return core_.connections < core_.connection_limit; }

// How many clients the kernel keeps in its queue: of a listening TCP socket, Linux tells that so.
// Of others nobody knows; to make room for one at a time would keep the last of many waiting for
// long.
std::size_t Listener::count_waiting() const {
  tcp_info info{};
  socklen_t size = sizeof info;
  const bool told = ::getsockopt(socket_.descriptor(), IPPROTO_TCP, TCP_INFO, &info, &size) == 0;
  return std::min<std::size_t>(told ? info.tcpi_unacked : kMostMadeRoom, kMostMadeRoom);
}

// Connections that sleep make place for those who wait; halves of something before those that were
// good citizens once. Each lane closes its share, since each knows only its own.
void Listener::make_room() {
  const std::size_t waiting = count_waiting();
  std::size_t halves = 0;
  for (const auto& lane : lanes_) halves += lane->halves();
  const auto share = [](std::size_t of, std::size_t part, std::size_t whole) {
    return whole == 0 ? 0 : (of * part + whole - 1) / whole;
  };
  const std::size_t idle = waiting - std::min(waiting, halves);
  for (const auto& lane : lanes_) {
    lane->make_room(share(waiting - idle, lane->halves(), halves), share(idle, 1, lanes_.size()));
  }
  pause(kLimitPause);
}

// False when there is nothing more to accept now.
bool Listener::accept_one() {
  Address address{};
  socklen_t size = sizeof address;
  const int descriptor =
      ::accept4(socket_.descriptor(), &address.any, &size, SOCK_NONBLOCK | SOCK_CLOEXEC);
  if (descriptor < 0) {
    const int error = errno;
    if (error == EAGAIN || error == EWOULDBLOCK) return false;
    if (error != EMFILE && error != ENFILE && error != ENOBUFS && error != ENOMEM) return true;
    // The kernel wants a descriptor before it looks whether anybody is there.
    if (count_waiting() == 0) return false;
    log::warning("cannot accept a connection: {}", std::strerror(error));
    make_room();
    pause(kErrorPause);
    return false;
  }
  core_.connections.fetch_add(1);
  core_.metrics.accepted.add();
  Lane& lane = **std::min_element(lanes_.begin(), lanes_.end(), [](const auto& a, const auto& b) {
    return a->load() < b->load();
  });
  lane.adopt(descriptor, describe(address, tls_ != nullptr, lane.core().options.proxies),
             tls_ ? tls_->current() : nullptr);
  return true;
}

void Listener::pause(std::chrono::milliseconds time) {
  paused_ = true;
  paused_until_ = home_.loop().now() + time;
  home_.loop().forget(socket_.descriptor());
}

bool Listener::resume_if_paused() {
  if (!paused_) return false;
  if (home_.loop().now() < paused_until_) return true;
  if (!home_.loop().watch(socket_.descriptor(), EPOLLIN, *this)) return true;
  paused_ = false;
  return false;
}

void Listener::check_certificate() {
  if (!tls_) return;
  core_.data.post([tls = tls_] {
    if (!tls->stale()) return;
    if (const auto reloaded = tls->reload(); reloaded) {
      log::info("the certificate was loaded anew");
    } else {
      log::error(
          "the certificate's files changed, but the old pair stays in use until they are "
          "mended: {}",
          reloaded.error());
    }
  });
}

}  // namespace entrepot::http::server::internal
