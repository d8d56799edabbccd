#pragma once
// base/bytes.h — octets, and ranges of them.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace entrepot {

// Octets are held in std::string: every library that we hand them to (sockets, OpenSSL, SQLite,
// JSON) takes char pointers.
using Bytes = std::string;
using ByteView = std::string_view;
using SharedBytes = std::shared_ptr<const std::string>;

// `length_bytes` bytes from `offset_bytes` on. Half open, so an empty range exists.
struct ByteRange {
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;

  std::uint64_t end_bytes() const { return offset_bytes + length_bytes; }
  friend bool operator==(const ByteRange&, const ByteRange&) = default;
};

// How many octets at the front of `text` are one well-formed UTF-8 character (RFC 3629): 1 to 4, or
// 0 when they are none (also for an empty text).
std::size_t utf8_character_length(ByteView text);

}  // namespace entrepot
