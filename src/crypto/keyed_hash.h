#pragma once
// crypto/keyed_hash.h — a short name for what must not be kept itself.

#include <array>
#include <cstdint>

#include "base/bytes.h"

namespace entrepot::crypto {

// SipHash-2-4 with 128 bits (Aumasson and Bernstein, 2012) under a key that each object makes for
// itself, so that its values mean nothing outside of this process: who reads a table of them learns
// no credential, and who sends credentials can neither aim at a value nor at a bucket. About a
// microsecond for a kilobyte, and no allocation, unlike an HMAC. Never stored.
//
// Thread-safe; allocates at a thread's first use.
class KeyedHash {
 public:
  struct Value {
    std::array<std::uint64_t, 2> words;
    bool operator==(const Value&) const = default;
  };
  struct OfValue {  // for unordered containers
    std::size_t operator()(const Value& value) const noexcept { return value.words[0]; }
  };

  KeyedHash();
  Value operator()(ByteView text) const;

 private:
  const Bytes key_;
};

}  // namespace entrepot::crypto
