#include "server/configure/resolve.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <memory>

#include "base/log.h"
#include "base/source.h"

namespace entrepot::server {
namespace {

using Addresses = std::unique_ptr<addrinfo, void (*)(addrinfo*)>;

// A name is what neither family's literals and no port alone are.
bool is_name(const ListenAddress& address) {
  return !address.host.empty() && address.host.find(':') == std::string::npos &&
         address.host.find_first_not_of("0123456789.") != std::string::npos;
}

bool machine_has(const addrinfo& found) {
  const OpenFile probe(::socket(found.ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (probe.descriptor() < 0) return false;
  return ::bind(probe.descriptor(), found.ai_addr, found.ai_addrlen) == 0;
}

std::string text_of(const addrinfo& found) {
  std::array<char, NI_MAXHOST> text{};
  if (::getnameinfo(found.ai_addr, found.ai_addrlen, text.data(), text.size(), nullptr, 0,
                    NI_NUMERICHOST) != 0) {
    return "";
  }
  return text.data();
}

Result<std::vector<ListenAddress>> resolve(const ListenAddress& address, std::string_view option) {
  addrinfo wanted{};
  wanted.ai_family = AF_UNSPEC;
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE;
  addrinfo* list = nullptr;
  const int error = ::getaddrinfo(address.host.c_str(), nullptr, &wanted, &list);
  const Addresses found(list, ::freeaddrinfo);
  if (error != 0) {
    return fail(ErrorCode::Unavailable, "{}: {}: {}", option, to_string(address),
                ::gai_strerror(error));
  }
  std::vector<ListenAddress> out;
  for (const addrinfo* one = found.get(); one != nullptr; one = one->ai_next) {
    const ListenAddress resolved{text_of(*one), address.port};
    if (std::find(out.begin(), out.end(), resolved) != out.end()) continue;
    if (machine_has(*one) && resolved.host.find('%') == std::string::npos) {
      out.push_back(resolved);
    } else {
      log::warning("{}: {} is also {}, which this machine does not have", option, address.host,
                   resolved.host);
    }
  }
  if (!out.empty()) return out;
  return fail(ErrorCode::Unavailable, "{}: {} is no name of this machine's", option,
              to_string(address));
}

Result<void> resolve_all(std::vector<ListenAddress>& addresses, std::string_view option) {
  std::vector<ListenAddress> out;
  for (const ListenAddress& address : addresses) {
    if (!is_name(address)) {
      out.push_back(address);
      continue;
    }
    TRY_ASSIGN(const auto resolved, resolve(address, option));
    out.insert(out.end(), resolved.begin(), resolved.end());
  }
  addresses = std::move(out);
  return {};
}

}  // namespace

Result<void> resolve_names(Options& options) {
  TRY(resolve_all(options.http_listen, "http.listen"));
  return resolve_all(options.debug_listen, "debug.listen");
}

}  // namespace entrepot::server
