#include "http/forwarded.h"

#include <algorithm>
#include <vector>

#include "http/networks.h"

namespace entrepot::http {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  return text.substr(0, text.find_last_not_of(kBlank) + 1);
}

// The parts between separators, first to last; quoted ones are not told apart, as an address holds
// no separator.
std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  std::size_t end = 0;
  while ((end = text.find(separator)) != text.npos) {
    parts.push_back(trimmed(text.substr(0, end)));
    text.remove_prefix(end + 1);
  }
  parts.push_back(trimmed(text));
  return parts;
}

// "192.0.2.1", "192.0.2.1:80", "[2001:db8::1]:80", 2001:db8::1, each perhaps in quotes.
std::string_view without_port(std::string_view text) {
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') {
    text = text.substr(1, text.size() - 2);
  }
  if (text.starts_with('[')) {
    const std::size_t end = text.find(']');
    return end == text.npos ? std::string_view() : text.substr(1, end - 1);
  }
  const std::size_t colon = text.find(':');
  const bool one_colon = colon != text.npos && text.find(':', colon + 1) == text.npos;
  return one_colon ? text.substr(0, colon) : text;
}

// RFC 7239: for=192.0.2.43;proto=http;by=203.0.113.43. "" without a for.
std::string_view address_in(std::string_view element) {
  for (const std::string_view pair : split(element, ';')) {
    constexpr std::string_view kFor = "for=";
    if (equals_ignoring_case(pair.substr(0, kFor.size()), kFor)) {
      return without_port(trimmed(pair.substr(kFor.size())));
    }
  }
  return {};
}

// From the client on to the proxy that is nearest.
std::vector<std::string_view> chain_of(const Request& request) {
  std::vector<std::string_view> chain;
  for (const std::string_view line : request.headers("Forwarded")) {
    for (const std::string_view element : split(line, ',')) chain.push_back(address_in(element));
  }
  if (!chain.empty()) return chain;
  for (const std::string_view line : request.headers("X-Forwarded-For")) {
    for (const std::string_view element : split(line, ',')) chain.push_back(without_port(element));
  }
  return chain;
}

}  // namespace

std::string_view client_address(const Request& request) {
  const Peer& peer = request.peer();
  if (!peer.is_proxy) return peer.address;
  std::string_view vouched = peer.address;
  const auto chain = chain_of(request);
  for (auto at = chain.rbegin(); at != chain.rend(); ++at) {
    if (!is_address(*at)) return vouched;
    vouched = *at;
    if (!peer.proxies->contains(*at)) return vouched;
  }
  return vouched;
}

}  // namespace entrepot::http
