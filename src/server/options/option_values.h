#pragma once
// server/options/option_values.h — the values that options have, and how people write them.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "base/result.h"

namespace entrepot::server {

using Duration = std::chrono::milliseconds;

struct Size {
  std::uint64_t bytes = 0;
  friend bool operator==(const Size&, const Size&) = default;
};

// Where to listen. An empty host means all addresses of both families; port 0 lets the system
// choose.
struct ListenAddress {
  std::string host;  // an IP literal without brackets, a host name (until resolve.h), or empty
  std::uint16_t port = 0;

  bool loopback() const;  // reachable from this machine only
  friend bool operator==(const ListenAddress&, const ListenAddress&) = default;
};
std::string to_string(const ListenAddress& address);  // "127.0.0.1:5000", "[::1]:5000", ":5000"

struct HeaderLine {
  std::string name, value;
  friend bool operator==(const HeaderLine&, const HeaderLine&) = default;
};

// "64MiB", "1h30m": the shortest that reads as the same.
std::string to_string(const Size& size);
std::string to_string(Duration duration);

// Each takes one value as it stands in a file, the environment or a flag. InvalidArgument says what
// would be right.
Result<bool> parse_switch(std::string_view text);  // true, false; also t/f, yes/no, on/off, 1/0
Result<std::uint64_t> parse_count(std::string_view text);  // decimal digits
Result<Size> parse_size(std::string_view text);            // "64MiB", "64MB", "65536"
Result<Duration> parse_duration(std::string_view text);    // "8s", "1h30m", "250ms", "7d"; "0"
Result<ListenAddress> parse_listen_address(std::string_view text);  // "[::1]:5000", ":5000"
Result<HeaderLine> parse_header_line(std::string_view text);        // "X-Frame-Options: DENY"

// Does the server alone set this header? One that frames a message or says what it is about
// (Content-Length, Location, Docker-Content-Digest …): a configured value of it would be wrong in
// all answers but one.
bool is_ours_alone(std::string_view name);

}  // namespace entrepot::server
