#include "api/rest/caller.h"

#include <fmt/format.h>

#include "api/caller.h"
#include "api/external_address.h"
#include "crypto/secret.h"

namespace entrepot::api::rest {
namespace {

constexpr std::string_view kBearer = "Bearer ";

std::string_view trimmed(std::string_view text) {
  while (text.starts_with(' ')) text.remove_prefix(1);
  while (text.ends_with(' ')) text.remove_suffix(1);
  return text;
}

std::optional<std::string_view> cookie_of(const http::Request& request, std::string_view name) {
  for (std::string_view line : request.headers("Cookie")) {
    while (!line.empty()) {
      const std::size_t end = std::min(line.find(';'), line.size());
      const std::string_view pair = trimmed(line.substr(0, end));
      line.remove_prefix(std::min(end + 1, line.size()));
      if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
        return pair.substr(name.size() + 1);
      }
    }
  }
  return std::nullopt;
}

// "https://registry.example.com:8443": as the browser has it.
struct Address {
  bool secure = false;
  std::string host;  // with its port, as in Origin: none where it is the scheme's own
  std::string port;
};

Address address_of(const http::Request& request) {
  const std::string url = address_for_secrets(request);
  Address address;
  address.secure = url.starts_with("https://");
  const std::size_t begin = url.find("://");
  if (begin == std::string::npos) return address;
  address.host = url.substr(begin + 3);
  const std::size_t colon = address.host.rfind(':');
  const bool has_port =
      colon != std::string::npos && address.host.find(']', colon) == std::string::npos;
  address.port = has_port ? address.host.substr(colon + 1) : address.secure ? "443" : "80";
  return address;
}

}  // namespace

Visitor visitor_of(const http::Request& request, std::string_view cookie_name) {
  Visitor visitor{caller_of(request)};
  if (visitor.caller.authorization) {
    const std::string_view given = *visitor.caller.authorization;
    if (given.size() > kBearer.size() &&
        http::equals_ignoring_case(given.substr(0, kBearer.size()), kBearer) &&
        crypto::parse_secret(trimmed(given.substr(kBearer.size())))) {
      visitor.caller.authorization = trimmed(given.substr(kBearer.size()));
      visitor.caller.is_own_secret = true;
    }
    return visitor;
  }
  const auto cookie = cookie_of(request, cookie_name);
  if (!cookie || !crypto::parse_secret(*cookie)) return visitor;
  visitor.caller.authorization = *cookie;
  visitor.caller.is_own_secret = true;
  visitor.by_cookie = true;
  return visitor;
}

std::optional<std::string> foreign_page(const http::Request& request, bool needs_header) {
  if (needs_header && !request.header(kPageHeader)) {
    return fmt::format("with a cookie this needs the header {}: 1, which the page sends",
                       kPageHeader);
  }
  const auto site = request.header("Sec-Fetch-Site");
  if (site && *site != "same-origin" && *site != "none") {
    return "another site's page sent this";
  }
  const auto origin = request.header("Origin");
  if (!origin) return std::nullopt;
  const std::size_t begin = origin->find("://");
  const bool own = begin != std::string_view::npos &&
                   http::equals_ignoring_case(origin->substr(begin + 3), address_of(request).host);
  if (!own) return "another site's page sent this";
  return std::nullopt;
}

std::string cookie_name_of(const http::Request& request) {
  const Address address = address_of(request);
  if (address.secure) return "__Host-entrepot-" + address.port;
  return "entrepot-http-" + address.port;
}

std::string session_cookie(const http::Request& request, std::string_view secret,
                           std::chrono::seconds lasts) {
  const Address address = address_of(request);
  return fmt::format("{}={}; Path=/; Max-Age={}; HttpOnly; SameSite=Strict{}",
                     cookie_name_of(request), secret, secret.empty() ? 0 : lasts.count(),
                     address.secure ? "; Secure" : "");
}

}  // namespace entrepot::api::rest
