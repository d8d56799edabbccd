#pragma once
// net/networks.h — sets of network addresses, as people write them.

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace entrepot::net {

// An IPv4 or IPv6 address, without brackets, port or zone?
bool is_address(std::string_view text);

// "10.0.0.0/8", "2001:db8::/32", "192.0.2.1". A value. An IPv4 address inside IPv6 (::ffff:1.2.3.4)
// is the IPv4 address.
class Networks {
 public:
  // InvalidArgument names the first that is none, also one with bits behind its prefix.
  static Result<Networks> parse(const std::vector<std::string>& texts);

  // False for what is no address. Allocates nothing.
  bool contains(std::string_view address) const;
  bool empty() const { return networks_.empty(); }

 private:
  struct Network {
    std::array<std::uint8_t, 16> address;  // IPv4 as ::ffff:…
    unsigned prefix_bits;
  };
  static Result<Network> parse_one(std::string_view text);

  std::vector<Network> networks_;
};

}  // namespace entrepot::net
