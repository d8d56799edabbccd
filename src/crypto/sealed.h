#pragma once
// crypto/sealed.h — small secrets at rest, such as signing keys, closed under a key.

#include <array>
#include <cstddef>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

namespace entrepot::crypto {

// What seals and opens: 32 octets that nobody can guess. Wiped when it goes.
class SealingKey {
 public:
  static constexpr std::size_t kSizeBytes = 32;

  static SealingKey generate();

  // InvalidArgument unless these are 32 octets. They are taken as they are: a password is no key.
  static Result<SealingKey> from(ByteView octets);

  SealingKey(const SealingKey&) = default;
  SealingKey& operator=(const SealingKey&) = default;
  ~SealingKey();

  // The secret itself, to be kept.
  ByteView octets() const { return {octets_.data(), octets_.size()}; }

 private:
  SealingKey() = default;

  std::array<char, kSizeBytes> octets_{};
};

// More is not sealed at once.
constexpr std::size_t kMaxSealedBytes = 1 << 20;

// Both functions are thread-safe and take microseconds for what is small.

// `secret`, so that it can be read and changed by nobody without the key (AES-256-GCM): the 9
// octets "sealed-1:", 12 random ones, as many as the secret has, 16 that authenticate all.
//
// `purpose` says what it is ("signing key"), is not part of the result, and must be the same when
// it is opened: nobody can put one sealed secret into the place of another. What it does not hide:
// the secret's length; that an older one was put back.
//
// One key is good for 2^32 secrets. TooLarge past kMaxSealedBytes; Unavailable without memory.
Result<Bytes> seal(const SealingKey& key, std::string_view purpose, ByteView secret);

// What was sealed under this key for this purpose; to be wiped by the caller. Corrupt for
// everything else: touched, cut, of another key or purpose, or no sealed secret. Unavailable
// without memory.
Result<Bytes> open_sealed(const SealingKey& key, std::string_view purpose, ByteView sealed);

}  // namespace entrepot::crypto
