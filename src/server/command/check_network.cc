#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/source.h"
#include "server/command/checks.h"
#include "server/host/port_holder.h"
#include "server/run/data_directory.h"

namespace entrepot::server {
namespace {

constexpr rlim_t kFewFiles = 1024;

// An empty host is all addresses of both families.
bool is_everywhere(const std::string& host) {
  return host.empty() || host == "0.0.0.0" || host == "::";
}

bool overlap(const ListenAddress& a, const ListenAddress& b) {
  if (a.port != b.port || a.port == 0) return false;
  if (a.host.empty() || b.host.empty() || a.host == b.host) return true;
  const bool same_family =
      (a.host.find(':') == std::string::npos) == (b.host.find(':') == std::string::npos);
  return same_family && (is_everywhere(a.host) || is_everywhere(b.host));
}

// 0, or why the address cannot be had. Listens to nobody: no client is ever accepted by a check.
int try_to_bind(const std::string& host, std::uint16_t port) {
  union {
    sockaddr any;
    sockaddr_in v4;
    sockaddr_in6 v6;
  } address{};
  socklen_t size = sizeof address.v4;
  if (::inet_pton(AF_INET, host.c_str(), &address.v4.sin_addr) == 1) {
    address.v4.sin_family = AF_INET;
    address.v4.sin_port = htons(port);
  } else if (::inet_pton(AF_INET6, host.c_str(), &address.v6.sin6_addr) == 1) {
    address.v6.sin6_family = AF_INET6;
    address.v6.sin6_port = htons(port);
    size = sizeof address.v6;
  } else {
    return EINVAL;
  }
  const OpenFile socket(::socket(address.any.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (socket.descriptor() < 0) return errno;
  const int on = 1;
  ::setsockopt(socket.descriptor(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.any.sa_family == AF_INET6) {
    ::setsockopt(socket.descriptor(), IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
  }
  return ::bind(socket.descriptor(), &address.any, size) == 0 ? 0 : errno;
}

// IPv6 may be switched off on a machine.
int try_to_bind(const ListenAddress& address) {
  if (!address.host.empty()) return try_to_bind(address.host, address.port);
  if (const int error = try_to_bind("0.0.0.0", address.port); error != 0) return error;
  const int error = try_to_bind("::", address.port);
  return error == EAFNOSUPPORT || error == EADDRNOTAVAIL ? 0 : error;
}

struct Wanted {
  std::string_view option;
  ListenAddress address;
};

class AddressCheck {
 public:
  AddressCheck(const Options& options, Findings& findings) : findings_(findings) {
    for (const auto& address : options.http_listen) wanted_.push_back({"http.listen", address});
    for (const auto& address : options.debug_listen) wanted_.push_back({"debug.listen", address});
    if (const auto holder = holder_of(options.data)) {
      for (const std::string& text : holder->addresses) {
        if (auto address = parse_listen_address(text)) ours_.push_back(*std::move(address));
      }
    }
  }

  void run() {
    for (std::size_t i = 0; i < wanted_.size(); ++i) {
      const auto earlier = std::find_if(
          wanted_.begin(), wanted_.begin() + static_cast<std::ptrdiff_t>(i),
          [&](const Wanted& other) { return overlap(other.address, wanted_[i].address); });
      if (earlier != wanted_.begin() + static_cast<std::ptrdiff_t>(i)) {
        findings_.error("{}: {} is wanted by {} ({}) already; name another port", wanted_[i].option,
                        to_string(wanted_[i].address), earlier->option,
                        to_string(earlier->address));
      } else {
        look_at(wanted_[i]);
      }
    }
  }

 private:
  void look_at(const Wanted& wanted) {
    const std::string text = to_string(wanted.address);
    const int error = try_to_bind(wanted.address);
    if (error == 0) {
      findings_.ok("{}: {} can be listened on", wanted.option, text);
    } else if (error == EADDRINUSE && is_ours(wanted.address)) {
      findings_.ok("{}: {} is held by the server that runs on the same data", wanted.option, text);
    } else if (error == EADDRINUSE) {
      const std::string holder = port_holder(wanted.address.port);
      findings_.error("{}: {} is held by {}; end that, or name another port", wanted.option, text,
                      holder.empty() ? "another program" : holder);
    } else if (error == EACCES) {
      findings_.error(
          "{}: user {} may not listen on {}: ports below 1024 want root or the "
          "capability CAP_NET_BIND_SERVICE; name a higher port",
          wanted.option, ::geteuid(), text);
    } else if (error == EADDRNOTAVAIL) {
      findings_.error(
          "{}: this machine does not have the address of {}; `ip address` lists those "
          "that it has",
          wanted.option, text);
    } else {
      findings_.error("{}: {} cannot be listened on: {}", wanted.option, text,
                      std::generic_category().message(error));
    }
  }

  bool is_ours(const ListenAddress& address) const {
    return std::any_of(ours_.begin(), ours_.end(),
                       [&](const ListenAddress& own) { return overlap(own, address); });
  }

  Findings& findings_;
  std::vector<Wanted> wanted_;
  std::vector<ListenAddress> ours_;  // of the server that has the same directory
};

}  // namespace

void check_addresses(const Options& options, Findings& findings) {
  AddressCheck(options, findings).run();
}

void check_open_files(const Options& options, Findings& findings) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
  const rlim_t most = limit.rlim_max;
  if (most == RLIM_INFINITY) {
    findings.ok("open files: as many as the system has");
  } else if (options.limits_connections >= most) {
    findings.warning(
        "open files: {} at most, fewer than the {} connections of limits.connections; "
        "raise the limit (LimitNOFILE, ulimit -n), or lower the option",
        most, options.limits_connections);
  } else if (most < kFewFiles) {
    findings.warning(
        "open files: {} at most, which leaves few connections; raise the limit "
        "(LimitNOFILE, ulimit -n)",
        most);
  } else {
    findings.ok("open files: {} at most", most);
  }
}

}  // namespace entrepot::server
