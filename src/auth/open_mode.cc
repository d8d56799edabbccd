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

// What an Origin header names. A browser leaves the usual port out; who types one may not.
struct PageOrigin {
  bool https = false;
  std::string_view host;
  std::uint16_t port = 0;
};

// nullopt for "null", for other schemes, and for what is no origin.
std::optional<PageOrigin> parse_page_origin(std::string_view text) {
  constexpr std::string_view kHttp = "http://";
  constexpr std::string_view kHttps = "https://";
  const bool https = equal_ignoring_case(text.substr(0, kHttps.size()), kHttps);
  if (!https && !equal_ignoring_case(text.substr(0, kHttp.size()), kHttp)) return std::nullopt;
  text.remove_prefix(https ? kHttps.size() : kHttp.size());
  const auto authority = parse_authority(text);
  if (!authority) return std::nullopt;
  return PageOrigin{https, authority->host,
                    authority->port.value_or(https ? kHttpsPort : kHttpPort)};
}

bool is_own_origin(const Caller& caller) {
  const auto page = parse_page_origin(*caller.origin);
  // TLS may have ended at the proxy that forwarded the request.
  if (!page || (page->https != caller.tls && !(page->https && caller.forwarded))) return false;
  const auto own = parse_authority(*caller.host);
  return own && equal_ignoring_case(page->host, own->host) &&
         page->port == own->port.value_or(page->https ? kHttpsPort : kHttpPort);
}

std::string_view without_slash(std::string_view text) {
  return text.ends_with('/') ? text.substr(0, text.size() - 1) : text;
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

bool OpenMode::is_named_origin(std::string_view origin) const {
  return std::any_of(options_.origins.begin(), options_.origins.end(),
                     [&](const auto& named) { return names_origin(named, origin); });
}

bool OpenMode::asks_for_host() const {
  return options_.names_are_complete || options_.reach == Reach::ThisMachine;
}

bool OpenMode::passes_origin(const Caller& caller) const {
  if (!caller.origin || is_named_origin(*caller.origin)) return true;
  return caller.host && is_own_host(*caller.host) && is_own_origin(caller);
}

Result<access::Subject> OpenMode::admit(const Caller& caller) const {
  if (options_.reach == Reach::ThisMachine) {
    if (!caller.loopback_peer) {
      return refuse(
          "answers only programs on its own machine: start it with --open to let everyone in who "
          "reaches it");
    }
    if (caller.forwarded) {
      return refuse(
          "does not answer through a proxy (the request carries Forwarded, Via, X-Forwarded-*, "
          "X-Real-IP or another header that proxies add, or is HTTP/1.0): start it with --open to "
          "let everyone in whom the proxy lets through");
    }
  }
  if (asks_for_host() && !(caller.host && is_own_host(*caller.host))) {
    return refuse(
        options_.reach == Reach::Everybody
            ? "does not answer to the name in the Host header: add it to `names`"
            : "does not answer to the name in the Host header: use localhost or an IP address, add "
              "the name to `names`, or start it with --open");
  }
  if (!passes_origin(caller)) {
    return refuse(
        "does not answer scripts of web pages from elsewhere (the Origin header): add the page to "
        "`http.origins`, or, if it is the server's own, its host to `names`");
  }
  return access::Subject::anonymous();
}

std::variant<access::Subject, Error, Authenticator::Ask> OpenMode::recall(
    const Caller& caller) const {
  auto admitted = admit(caller);
  if (!admitted) return std::move(admitted).error();
  return *std::move(admitted);
}

Result<access::Subject> OpenMode::authenticate(Context& /*context*/, const Caller& caller) const {
  return admit(caller);
}

bool names_origin(std::string_view named, std::string_view origin) {
  named = without_slash(named);
  if (named == "*" || equal_ignoring_case(named, origin)) return true;
  const auto a = parse_page_origin(named);
  const auto b = parse_page_origin(origin);
  return a && b && a->https == b->https && a->port == b->port &&
         equal_ignoring_case(a->host, b->host);
}

bool is_origin(std::string_view text) {
  if (text == "*" || text == "null") return true;
  text = without_slash(text);
  const auto scheme = text.find("://");
  if (scheme == std::string_view::npos || scheme == 0) return false;
  const auto authority = parse_authority(text.substr(scheme + 3));
  if (!authority) return false;
  const std::string_view host = authority->host;
  return is_ip_literal(host) || is_dns_name(host);
}

std::string_view host_of_url(std::string_view url) {
  const auto scheme = url.find("://");
  if (scheme == std::string_view::npos) return {};
  url.remove_prefix(scheme + 3);
  const auto authority = parse_authority(url.substr(0, url.find_first_of("/?#")));
  return authority ? authority->host : std::string_view();
}

}  // namespace entrepot::auth
