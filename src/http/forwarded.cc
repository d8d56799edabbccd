#include "http/forwarded.h"

#include <algorithm>

#include "net/networks.h"

namespace entrepot::http {
namespace {

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view kBlank = " \t";
  text.remove_prefix(std::min(text.find_first_not_of(kBlank), text.size()));
  return text.substr(0, text.find_last_not_of(kBlank) + 1);
}

// Cuts the last part off `text`, with the separator before it. Quoted ones are not told apart, as
// an address holds no separator.
std::string_view take_last(std::string_view& text, char separator) {
  const std::size_t at = text.rfind(separator);
  const std::string_view last = at == text.npos ? text : text.substr(at + 1);
  text = at == text.npos ? std::string_view() : text.substr(0, at);
  return trimmed(last);
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
  while (!element.empty()) {
    constexpr std::string_view kFor = "for=";
    const std::string_view pair = take_last(element, ';');
    if (equals_ignoring_case(pair.substr(0, kFor.size()), kFor)) {
      return without_port(trimmed(pair.substr(kFor.size())));
    }
  }
  return {};
}

// Calls visit(element) from the proxy that is nearest to the client, until it returns false. Most
// often one is looked at, however many a client has written. False when there is none.
template <class Visit>
bool each_from_back(const Request& request, std::string_view name, const Visit& visit) {
  bool any = false;
  const auto lines = request.header_lines();
  for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
    if (!equals_ignoring_case(line->name, name)) continue;
    std::string_view rest = line->value;
    do {
      any = true;
      if (!visit(take_last(rest, ','))) return true;
    } while (!rest.empty());
  }
  return any;
}

}  // namespace

std::string_view client_address(const Request& request) {
  const Peer& peer = request.peer();
  if (!peer.is_proxy) return peer.address;
  std::string_view vouched = peer.address;
  // Goes on as long as it is a proxy of ours that is told of.
  const auto look = [&](std::string_view address) {
    if (!net::is_address(address)) return false;
    vouched = address;
    return peer.proxies->contains(address);
  };
  if (!each_from_back(request, "Forwarded", [&](auto text) { return look(address_in(text)); })) {
    each_from_back(request, "X-Forwarded-For", [&](auto text) { return look(without_port(text)); });
  }
  return vouched;
}

}  // namespace entrepot::http
