#include "api/caller.h"

#include <algorithm>
#include <array>
#include <cstdint>

#include "http/forwarded.h"

namespace entrepot::api {
namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// What proxies add, in lower case; one that ends in "-" is the beginning of names.
constexpr std::array<std::string_view, 46> kOfProxies = {
    // Standards, and what everybody does
    "forwarded", "via", "x-forwarded-", "x-forwarded", "forwarded-for", "x-original-", "x-real-ip",
    "x-client-ip", "client-ip", "x-cluster-client-ip", "true-client-ip", "x-remote-addr",
    "x-remote-ip", "x-proxy-", "x-proxyuser-ip", "proxy-client-ip", "wl-proxy-", "proxy-connection",
    "surrogate-capability",
    // nginx's and its ingress's recipes, IIS, Envoy, Varnish, Traefik, Squid
    "x-nginx-proxy", "x-scheme", "x-url-scheme", "front-end-https", "x-arr-", "x-envoy-",
    "x-varnish", "x-traefik-", "x-squid-",
    // Content networks and clouds
    "cf-", "cdn-", "cloudfront-", "x-amz-cf-", "x-amzn-", "x-appengine-", "x-cloud-trace-context",
    "fly-", "fastly-", "x-azure-", "x-fd-", "x-akamai-", "akamai-", "x-sucuri-", "incap-",
    "do-connecting-ip", "x-vercel-", "tailscale-"};

constexpr std::size_t at(char c) { return static_cast<unsigned char>(c) & 0x1f; }

// For each first letter of these names a bit for each second one. Hardly a client's header begins
// with such two, so most are told apart by one look.
constexpr std::array<std::uint32_t, 32> beginnings() {
  std::array<std::uint32_t, 32> seconds{};
  for (const std::string_view name : kOfProxies) seconds[at(name[0])] |= 1u << at(name[1]);
  return seconds;
}
constexpr std::array<std::uint32_t, 32> kBeginnings = beginnings();

bool begins_with(std::string_view text, std::string_view beginning) {
  return text.size() >= beginning.size() &&
         std::equal(beginning.begin(), beginning.end(), text.begin(),
                    [](char wanted, char c) { return wanted == lower(c); });
}

bool is_of_a_proxy(std::string_view name) {
  if (name.size() < 2 || (kBeginnings[at(name[0])] & (1u << at(name[1]))) == 0) return false;
  return std::any_of(kOfProxies.begin(), kOfProxies.end(), [&](std::string_view known) {
    return begins_with(name, known) && (known.ends_with('-') || name.size() == known.size());
  });
}

}  // namespace

auth::Caller caller_of(const http::Request& request) {
  auth::Caller caller;
  caller.address = http::client_address(request);
  caller.loopback_peer = request.peer().loopback;
  caller.tls = request.peer().tls;
  caller.host = request.header("Host");  // of an absolute target: the target's
  caller.forwarded = !request.is_http11();
  for (const http::Header& header : request.header_lines()) {
    if (!caller.origin && http::equals_ignoring_case(header.name, "Origin")) {
      caller.origin = header.value;
    } else if (!caller.authorization && http::equals_ignoring_case(header.name, "Authorization")) {
      caller.authorization = header.value;
    } else if (!caller.forwarded) {
      caller.forwarded = is_of_a_proxy(header.name);
    }
  }
  return caller;
}

}  // namespace entrepot::api
