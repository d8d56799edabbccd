#pragma once
// crypto/hash.h — streaming SHA-256 and SHA-512 whose state can be put away and taken up again.

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace entrepot::crypto {

enum class HashAlgorithm : std::uint8_t { Sha256 = 1, Sha512 = 2 };

constexpr std::size_t size_of(HashAlgorithm algorithm) {
  return algorithm == HashAlgorithm::Sha256 ? 32 : 64;
}

// Hashes bytes as they come. Uses SHA-NI where the processor has it. One thread at a time; copyable
// (a copy goes on from the same point).
class Hasher {
 public:
  explicit Hasher(HashAlgorithm algorithm);
  Hasher(const Hasher&);
  Hasher& operator=(const Hasher&);
  Hasher(Hasher&&) noexcept;
  Hasher& operator=(Hasher&&) noexcept;
  ~Hasher();

  HashAlgorithm algorithm() const;
  void update(ByteView bytes);

  // The hash of all bytes so far (32 or 64 octets). The hasher may go on afterwards.
  Bytes value() const;

  // The state, to be restored by the same build of the same program; InvalidArgument when it is
  // anything else. Carries no secrets.
  Bytes save() const;
  static Result<Hasher> restore(ByteView state);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The hash of `bytes` in one call.
Bytes hash(HashAlgorithm algorithm, ByteView bytes);

// HMAC-SHA-256, 32 octets.
Bytes hmac_sha256(ByteView key, ByteView message);

// Compares in a time that does not depend on where they differ.
bool equal_in_constant_time(ByteView a, ByteView b);

// `count` octets that nobody can guess, from the kernel.
Bytes random_bytes(std::size_t count);

// Lower-case hex; from_hex takes lower case only, InvalidArgument otherwise.
std::string to_hex(ByteView bytes);
Result<Bytes> from_hex(std::string_view hex);

// base64 (RFC 4648 §4), with padding.
std::string to_base64(ByteView bytes);

// base64url without padding (RFC 4648 §5); InvalidArgument for anything outside the alphabet.
std::string to_base64url(ByteView bytes);
Result<Bytes> from_base64url(std::string_view text);

}  // namespace entrepot::crypto
