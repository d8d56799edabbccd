#include "remote/internal/redirect.h"

#include <algorithm>
#include <array>
#include <optional>

#include "http/message.h"

namespace entrepot::remote {
namespace {

// What stands before a country: "co.uk", "com.cn", "or.jp".
constexpr std::array<std::string_view, 16> kBelowCountries = {
    "ac", "co",  "com", "edu", "gob", "gov", "go",  "gr",
    "lg", "ltd", "ne",  "net", "nom", "or",  "org", "sch"};

// Domains whose neighbours are strangers to each other.
constexpr std::array<std::string_view, 16> kOfProviders = {
    "amazonaws.com",  "amazonaws.com.cn",  "aws",       "azurecr.io", "azure.com",
    "windows.net",    "azurewebsites.net", "pkg.dev",   "run.app",    "appspot.com",
    "googleapis.com", "cloudfront.net",    "github.io", "gitlab.io",  "herokuapp.com",
    "workers.dev"};

bool is_below(std::string_view host, std::string_view domain) {
  return host.size() > domain.size() && host.ends_with(domain) &&
         host[host.size() - domain.size() - 1] == '.';
}

// Every reader takes a last label that begins with a digit for the end of an IPv4 address.
bool is_ip(std::string_view host) {
  const std::string_view last = host.substr(host.rfind('.') + 1);
  return host.starts_with('[') || (!last.empty() && last[0] >= '0' && last[0] <= '9');
}

// The last `count` labels; nothing when there are fewer, or an empty one is among them.
std::optional<std::string_view> last_labels(std::string_view host, int count) {
  std::size_t at = host.size();
  for (; count > 0; --count) {
    if (at == 0 || at == std::string_view::npos) return std::nullopt;
    const std::size_t dot = host.rfind('.', at - 1);
    const std::size_t begin = dot == std::string_view::npos ? 0 : dot + 1;
    if (begin == at) return std::nullopt;
    at = dot == std::string_view::npos ? 0 : dot;
    if (count == 1) return host.substr(begin);
  }
  return std::nullopt;
}

// The name that somebody registered, and all names below it.
std::optional<std::string_view> domain_of(std::string_view host) {
  if (is_ip(host)) return std::nullopt;
  for (const std::string_view provider : kOfProviders) {
    if (host == provider || is_below(host, provider)) return std::nullopt;
  }
  const auto two = last_labels(host, 2);
  if (!two) return std::nullopt;
  const std::size_t dot = two->find('.');
  const std::string_view second = two->substr(0, dot);
  const bool country = two->size() - dot - 1 == 2;
  const bool registers =
      std::find(kBelowCountries.begin(), kBelowCountries.end(), second) != kBelowCountries.end();
  return country && registers ? last_labels(host, 3) : two;
}

}  // namespace

bool is_redirect(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

Result<Address> redirected(const Address& from, std::string_view location) {
  std::string whole(location);
  const std::string scheme = from.origin.tls ? "https:" : "http:";
  const std::size_t special = location.find_first_of(":/?#");
  const bool absolute = special != std::string_view::npos && location[special] == ':';
  if (location.starts_with("//")) {
    whole = scheme + whole;
  } else if (location.starts_with('/')) {
    whole = from.origin.text() + whole;
  } else if (!absolute) {
    const std::string_view path = std::string_view(from.target).substr(0, from.target.find('?'));
    const bool query = location.empty() || location.starts_with('?') || location.starts_with('#');
    whole = from.origin.text() + std::string(query ? path : path.substr(0, path.rfind('/') + 1)) +
            whole;
  }
  auto to = parse_address(whole);
  if (!to) {
    return fail(ErrorCode::Unavailable, "{} redirects to {}", from.origin.text(),
                to.error().message);
  }
  if (from.origin.tls && !to->origin.tls) {
    return fail(ErrorCode::Unavailable, "{} redirects from https down to http", from.origin.text());
  }
  return to;
}

bool may_be_told(const Origin& server, const Origin& realm,
                 const std::vector<std::string>& listed) {
  if (server.tls && !realm.tls) return false;
  if (realm.host == server.host) return true;
  const auto same = [&](const std::string& host) {
    return http::equals_ignoring_case(host, realm.host);
  };
  if (std::any_of(listed.begin(), listed.end(), same)) return true;
  const auto domain = domain_of(realm.host);
  return domain && domain == domain_of(server.host);
}

}  // namespace entrepot::remote
