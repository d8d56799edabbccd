#include "net/networks.h"

#include <arpa/inet.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <optional>

namespace entrepot::net {
namespace {

using Octets = std::array<std::uint8_t, 16>;

constexpr Octets kMapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0};
constexpr unsigned kMappedBits = 96;

struct Address {
  Octets octets;
  bool is_v4;
};

std::optional<Address> parse_address(std::string_view text) {
  std::array<char, INET6_ADDRSTRLEN> copy{};  // ends in a zero octet, as inet_pton wants
  if (text.size() >= copy.size() || text.find('\0') != text.npos) return std::nullopt;
  std::copy(text.begin(), text.end(), copy.begin());
  Address address{kMapped, true};
  if (::inet_pton(AF_INET, copy.data(), address.octets.data() + kMappedBits / 8) == 1) {
    return address;
  }
  if (::inet_pton(AF_INET6, copy.data(), address.octets.data()) != 1) return std::nullopt;
  address.is_v4 = false;
  return address;
}

// Are the first `bits` of both the same?
bool same_prefix(const Octets& a, const Octets& b, unsigned bits) {
  if (std::memcmp(a.data(), b.data(), bits / 8) != 0) return false;
  if (bits % 8 == 0) return true;
  const unsigned mask = 0xffU << (8 - bits % 8);
  return ((a[bits / 8] ^ b[bits / 8]) & mask) == 0;
}

bool is_zero_behind(const Octets& octets, unsigned bits) {
  for (unsigned bit = bits; bit < octets.size() * 8; ++bit) {
    if ((octets[bit / 8] >> (7 - bit % 8) & 1) != 0) return false;
  }
  return true;
}

}  // namespace

bool is_address(std::string_view text) { return parse_address(text).has_value(); }

Result<Networks::Network> Networks::parse_one(std::string_view text) {
  const std::size_t slash = text.find('/');
  const auto address = parse_address(text.substr(0, slash));
  const unsigned most = address && address->is_v4 ? 32 : 128;
  unsigned bits = most;
  if (slash != text.npos) {
    const char* const end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + slash + 1, end, bits);
    if (parsed.ec != std::errc() || parsed.ptr != end) bits = most + 1;
  }
  if (!address || bits > most) {
    return fail(ErrorCode::InvalidArgument,
                "\"{}\" is neither an address nor a network such as 10.0.0.0/8", text);
  }
  const Network network{address->octets, address->is_v4 ? bits + kMappedBits : bits};
  if (!is_zero_behind(network.address, network.prefix_bits)) {
    return fail(ErrorCode::InvalidArgument, "\"{}\" has an address behind its first {} bits", text,
                bits);
  }
  return network;
}

Result<Networks> Networks::parse(const std::vector<std::string>& texts) {
  Networks networks;
  for (const std::string& text : texts) {
    TRY_ASSIGN(const Network network, parse_one(text));
    networks.networks_.push_back(network);
  }
  return networks;
}

bool Networks::contains(std::string_view text) const {
  if (networks_.empty()) return false;
  const auto address = parse_address(text);
  return address && std::any_of(networks_.begin(), networks_.end(), [&](const Network& network) {
           return same_prefix(network.address, address->octets, network.prefix_bits);
         });
}

}  // namespace entrepot::net
