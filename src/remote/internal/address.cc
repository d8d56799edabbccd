#include "remote/internal/address.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "http/message.h"

namespace entrepot::remote {
namespace {

bool is_letter_or_digit(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Letters that every reader of an address takes for the same host.
bool is_host(std::string_view host) {
  const bool brackets = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (brackets) {
    host = host.substr(1, host.size() - 2);
    return host.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
  }
  return !host.empty() && std::all_of(host.begin(), host.end(), [](char c) {
    return is_letter_or_digit(c) || c == '-' || c == '.' || c == '_';
  });
}

std::string lower_case(std::string_view text) {
  std::string out(text);
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return out;
}

// Of "host", "host:port", "[::1]:port".
Result<void> read_authority(std::string_view text, Origin& origin) {
  const std::size_t behind_host = text.starts_with('[')
                                      ? std::min(text.find(']'), text.size() - 1) + 1
                                      : std::min(text.find(':'), text.size());
  const std::string_view host = text.substr(0, behind_host);
  if (!is_host(host)) return fail(ErrorCode::InvalidArgument, "an address without a host");
  origin.host = lower_case(host);
  origin.port = origin.tls ? 443 : 80;
  std::string_view port = text.substr(behind_host);
  if (port.empty() || port == ":") return {};
  port.remove_prefix(1);
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), origin.port);
  if (error != std::errc() || end != port.data() + port.size() || origin.port == 0) {
    return fail(ErrorCode::InvalidArgument, "an address with a port that is none");
  }
  return {};
}

}  // namespace

std::string Origin::text() const {
  const char* const scheme = tls ? "https" : "http";
  if (port == (tls ? 443 : 80)) return fmt::format("{}://{}", scheme, host);
  return fmt::format("{}://{}:{}", scheme, host, port);
}

Result<Address> parse_address(std::string_view text) {
  const auto printable = [](char c) { return c > 0x20 && c < 0x7f; };
  if (!std::all_of(text.begin(), text.end(), printable)) {
    return fail(ErrorCode::InvalidArgument, "an address with letters that may not stand in one");
  }
  const std::size_t colon = std::min(text.find("://"), text.size());
  const std::string_view scheme = text.substr(0, colon);
  Address address;
  address.origin.tls = http::equals_ignoring_case(scheme, "https");
  if (!address.origin.tls && !http::equals_ignoring_case(scheme, "http")) {
    return fail(ErrorCode::InvalidArgument, "an address that is neither http:// nor https://");
  }
  text.remove_prefix(colon);
  text.remove_prefix(std::min<std::size_t>(text.size(), 3));
  text = text.substr(0, text.find('#'));
  const std::size_t behind = std::min(text.find_first_of("/?"), text.size());
  TRY(read_authority(text.substr(0, behind), address.origin));
  const std::string_view target = text.substr(behind);
  address.target = fmt::format("{}{}", target.starts_with('/') ? "" : "/", target);
  return address;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char letter : text) {
    if (is_letter_or_digit(letter) ||
        std::string_view("-._~").find(letter) != std::string_view::npos) {
      out += letter;
    } else {
      out += fmt::format("%{:02X}", static_cast<unsigned char>(letter));
    }
  }
  return out;
}

}  // namespace entrepot::remote
