#pragma once
// oci/digest.h — the identity of bytes: an algorithm and the hash.

#include <array>
#include <compare>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "crypto/hash.h"

namespace entrepot::oci {

using crypto::HashAlgorithm;

// "sha256:<64 hex>" or "sha512:<128 hex>" (image-spec, descriptor.md "Digests"). A value; always
// valid; cheap to copy and compare.
class Digest {
 public:
  // Exactly the two forms above, lower case. InvalidArgument otherwise, with what was wrong.
  static Result<Digest> parse(std::string_view text);

  // From the raw hash: 32 or 64 octets, by algorithm.
  static Digest from_hash(HashAlgorithm algorithm, ByteView hash);
  static Digest of(ByteView bytes, HashAlgorithm algorithm = HashAlgorithm::Sha256);

  // From key(), as stored. Corrupt when it is not one.
  static Result<Digest> from_key(ByteView key);

  HashAlgorithm algorithm() const { return algorithm_; }
  ByteView hash() const {
    return {reinterpret_cast<const char*>(hash_.data()), crypto::size_of(algorithm_)};
  }
  std::string hex() const;
  std::string to_string() const;

  // The stored form: one octet for the algorithm, then the raw hash (33 or 65 octets).
  Bytes key() const;

  friend auto operator<=>(const Digest&, const Digest&) = default;
  friend bool operator==(const Digest&, const Digest&) = default;

 private:
  Digest() = default;
  HashAlgorithm algorithm_ = HashAlgorithm::Sha256;
  std::array<std::uint8_t, 64> hash_{};  // zero behind a shorter hash
};

// "sha256" or "sha512"; Unsupported for another name of the right form, InvalidArgument for
// anything else.
Result<HashAlgorithm> parse_algorithm(std::string_view name);
std::string_view name_of(HashAlgorithm algorithm);

}  // namespace entrepot::oci

template <>
struct std::hash<entrepot::oci::Digest> {
  std::size_t operator()(const entrepot::oci::Digest& digest) const noexcept;
};
