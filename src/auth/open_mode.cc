#include "auth/open_mode.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace entrepot::auth {
namespace {

// Suffixes that no public registrar hands out, so that a stranger's page cannot be rebound to one.
constexpr std::array<std::string_view, 6> kPrivateSuffixes = {".local", ".localhost", ".internal",
                                                              ".lan",   ".test",      ".home.arpa"};

constexpr std::uint16_t kHttpPort = 80;
constexpr std::uint16_t kHttpsPort = 443;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

bool equal_ignoring_case(std::string_view a, std::string_view b) {
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [](char x, char y) { return lower(x) == lower(y); });
}

bool ends_with_ignoring_case(std::string_view text, std::string_view suffix) {
  return text.size() >= suffix.size() &&
         equal_ignoring_case(text.substr(text.size() - suffix.size()), suffix);
}

struct Authority {
  std::string_view host;  // an IPv6 address with its brackets
  std::optional<std::uint16_t> port;
};

// 0 to 65535 in decimal digits and nothing else.
std::optional<std::uint16_t> parse_port(std::string_view digits) {
  if (digits.empty() || digits.size() > 5) return std::nullopt;
  std::uint32_t port = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    port = port * 10 + static_cast<std::uint32_t>(c - '0');
  }
  if (port > 65535) return std::nullopt;
  return static_cast<std::uint16_t>(port);
}

// host, host:port, [v6], [v6]:port.
std::optional<Authority> parse_authority(std::string_view text) {
  std::size_t end = text.starts_with('[') ? text.find(']') : text.find(':');
  if (end == std::string_view::npos) {
    if (text.empty() || text[0] == '[') return std::nullopt;
    return Authority{text, std::nullopt};
  }
  if (text[0] == '[') ++end;
  Authority authority{text.substr(0, end), std::nullopt};
  if (authority.host.empty()) return std::nullopt;
  if (end == text.size()) return authority;
  if (text[end] != ':') return std::nullopt;
  authority.port = parse_port(text.substr(end + 1));
  if (!authority.port) return std::nullopt;
  return authority;
}

bool is_ip_literal(std::string_view host) {
  const bool v6 = host.starts_with('[') && host.ends_with(']');
  if (v6) host = host.substr(1, host.size() - 2);
  std::array<char, INET6_ADDRSTRLEN> text{};  // ends in a zero octet, as inet_pton wants
  if (host.size() >= text.size() || host.find('\0') != std::string_view::npos) return false;
  std::copy(host.begin(), host.end(), text.begin());
  in6_addr address{};
  return inet_pton(v6 ? AF_INET6 : AF_INET, text.data(), &address) == 1;
}

// Labels of letters, digits, "-" and "_", joined by single dots.
bool is_dns_name(std::string_view name) {
  const auto allowed = [](char c) {
    return (lower(c) >= 'a' && lower(c) <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' ||
           c == '.';
  };
  return !name.empty() && name.front() != '.' && name.back() != '.' &&
         name.find("..") == std::string_view::npos &&
         std::all_of(name.begin(), name.end(), allowed);
}

bool is_private_name(std::string_view name) {
  if (!is_dns_name(name)) return false;
  if (name.find('.') == std::string_view::npos) return true;  // a single label
  return std::any_of(kPrivateSuffixes.begin(), kPrivateSuffixes.end(),
                     [&](auto suffix) { return ends_with_ignoring_case(name, suffix); });
}

bool is_own_origin(const Caller& caller) {
  if (!caller.origin) return true;
  if (!caller.host) return false;
  constexpr std::string_view kHttp = "http://";
  constexpr std::string_view kHttps = "https://";
  std::string_view rest = *caller.origin;
  const bool https = equal_ignoring_case(rest.substr(0, kHttps.size()), kHttps);
  if (!https && !equal_ignoring_case(rest.substr(0, kHttp.size()), kHttp)) return false;  // "null"
  // TLS may have ended at the proxy that forwarded the request.
  if (https != caller.tls && !(https && caller.forwarded)) return false;
  rest.remove_prefix(https ? kHttps.size() : kHttp.size());

  const auto origin = parse_authority(rest);
  const auto own = parse_authority(*caller.host);
  const std::uint16_t usual_port = https ? kHttpsPort : kHttpPort;
  return origin && own && equal_ignoring_case(origin->host, own->host) &&
         origin->port.value_or(usual_port) == own->port.value_or(usual_port);
}

Failure refuse(std::string_view why) {
  return fail(ErrorCode::Denied, "this server has no accounts and {}", why);
}

}  // namespace

bool OpenMode::is_own_host(std::string_view host) const {
  const auto authority = parse_authority(host);
  if (!authority) return false;
  const std::string_view name = authority->host;
  return is_ip_literal(name) || is_private_name(name) ||
         std::any_of(options_.own_names.begin(), options_.own_names.end(),
                     [&](const auto& own) { return equal_ignoring_case(name, own); });
}

Result<access::Subject> OpenMode::admit(const Caller& caller) const {
  if (!options_.anywhere) {
    if (!caller.loopback_peer) {
      return refuse(
          "answers only programs on its own machine: start it with --open to let everyone in who "
          "reaches it");
    }
    if (caller.forwarded) {
      return refuse(
          "does not answer through a proxy (the request carries Forwarded, X-Forwarded-* or Via): "
          "start it with --open to let everyone in whom the proxy lets through");
    }
    if (!caller.host || !is_own_host(*caller.host)) {
      return refuse(
          "does not answer to the name in the Host header: use localhost or an IP address, add the "
          "name to its configuration, or start it with --open");
    }
  }
  if (!is_own_origin(caller)) {
    return refuse("does not answer scripts of web pages from elsewhere (the Origin header)");
  }
  return access::Subject::anonymous();
}

}  // namespace entrepot::auth
