#include "api/external_address.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include <fmt/format.h>

namespace entrepot::api {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_port(std::string_view text) {
  unsigned port = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && text.size() <= 5 &&
         port <= 65535;
}

// A name or an address, with or without a port; nothing that a URL or a header could be ended by.
bool is_authority(std::string_view text) {
  const bool v6 = text.starts_with('[');
  const auto end = v6 ? text.find(']') : text.find(':');
  if (v6 && end == std::string_view::npos) return false;
  const std::string_view host = text.substr(v6 ? 1 : 0, v6 ? end - 1 : end);
  const std::string_view others = v6 ? ":." : "-._";
  const bool good = !host.empty() && std::all_of(host.begin(), host.end(), [&](char c) {
    return is_letter_or_digit(c) || others.find(c) != std::string_view::npos;
  });
  if (!good) return false;
  const std::string_view rest =
      end == std::string_view::npos ? "" : text.substr(end + (v6 ? 1 : 0));
  return rest.empty() || (rest[0] == ':' && is_port(rest.substr(1)));
}

std::string_view trim(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

std::string_view first_of_list(std::string_view list) {
  return trim(list.substr(0, list.find(',')));
}

// What a request says of its own address; empty where it says nothing usable.
struct Said {
  std::string_view scheme;
  std::string_view host;

  void set_scheme(std::string_view text) {
    for (const std::string_view known : {"http", "https"}) {
      if (http::equals_ignoring_case(text, known)) scheme = known;
    }
  }
  void set_host(std::string_view text) {
    if (is_authority(text)) host = text;
  }
};

// One "name=value" of a Forwarded element, taken off its front (RFC 7239, 4). False at the end of
// the element, or where it is malformed. A backslash stands in no host and no scheme.
bool take_pair(std::string_view& rest, std::string_view& name, std::string_view& value) {
  rest = rest.substr(std::min(rest.find_first_not_of(" \t;"), rest.size()));
  const auto equals = rest.find('=');
  if (rest.starts_with(',') || equals == std::string_view::npos) return false;
  name = trim(rest.substr(0, equals));
  rest.remove_prefix(equals + 1);
  if (rest.starts_with('"')) {
    const auto quote = rest.find('"', 1);
    if (quote == std::string_view::npos) return false;
    value = rest.substr(1, quote - 1);
    rest.remove_prefix(quote + 1);
  } else {
    const auto end = std::min(rest.find_first_of(";,"), rest.size());
    value = trim(rest.substr(0, end));
    rest.remove_prefix(end);
  }
  return name.find_first_of(",; \t\"") == std::string_view::npos;
}

Said read_forwarded(std::string_view rest) {
  Said said;
  std::string_view name, value;
  while (take_pair(rest, name, value)) {
    if (http::equals_ignoring_case(name, "proto")) said.set_scheme(value);
    if (http::equals_ignoring_case(name, "host")) said.set_host(value);
  }
  return said;
}

Said said_by_proxies(const http::Request& request) {
  if (const auto forwarded = request.header("Forwarded"); forwarded && !forwarded->empty()) {
    return read_forwarded(*forwarded);
  }
  Said said;
  said.set_scheme(first_of_list(request.header("X-Forwarded-Proto").value_or("")));
  said.set_host(first_of_list(request.header("X-Forwarded-Host").value_or("")));
  return said;
}

}  // namespace

std::string external_address(const http::Request& request) {
  Said said = said_by_proxies(request);
  if (said.scheme.empty()) said.scheme = request.peer().tls ? "https" : "http";
  if (said.host.empty()) said.set_host(request.header("Host").value_or(""));
  return said.host.empty() ? std::string() : fmt::format("{}://{}", said.scheme, said.host);
}

std::string address_for_secrets(const http::Request& request) {
  Said said = said_by_proxies(request);
  const bool secure = request.peer().tls || said.scheme == "https";
  said.scheme = secure ? "https" : "http";
  if (!request.peer().is_proxy) said.host = {};
  if (said.host.empty()) said.set_host(request.header("Host").value_or(""));
  return said.host.empty() ? std::string() : fmt::format("{}://{}", said.scheme, said.host);
}

}  // namespace entrepot::api
