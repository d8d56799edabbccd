#pragma once
// remote/internal/address.h — where a question goes, taken apart.

#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace entrepot::remote {

// Whom a connection is with. What is told to one is told to no other.
struct Origin {
  bool tls = false;
  std::string host;  // in lower case; of IPv6 with its brackets
  std::uint16_t port = 0;

  std::string text()
      const;  // "https://registry.example.com"; the port where it is not the usual one
  friend bool operator==(const Origin&, const Origin&) = default;
};

struct Address {
  Origin origin;
  std::string target = "/";  // path and query

  std::string text() const { return origin.text() + target; }
};

// An absolute http or https address of printable ASCII, without a user; what stands behind "#" is
// left out. InvalidArgument for any other, in words that do not repeat it: it may be a secret.
Result<Address> parse_address(std::string_view text);

// Percent-encoded: but for letters, digits and "-._~", all of it.
std::string escaped(std::string_view text);

}  // namespace entrepot::remote
