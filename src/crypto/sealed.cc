#include "crypto/sealed.h"

#include <algorithm>

#include <openssl/crypto.h>

#include "crypto/hash.h"
#include "crypto/internal/openssl.h"

namespace entrepot::crypto {
namespace {

using internal::Errors;
using internal::octets;

constexpr std::string_view kVersion = "sealed-1:";
constexpr std::size_t kNonceBytes = 12;
constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kOverheadBytes = kVersion.size() + kNonceBytes + kTagBytes;

enum class Direction { Open = 0, Seal = 1 };

// AES-256-GCM up to the tag: begins, and takes what is authenticated but not kept. False when a
// call failed.
bool begin(EVP_CIPHER_CTX* context, Direction direction, const SealingKey& key, ByteView nonce,
           std::string_view purpose) {
  int ignored = 0;
  const Bytes about = Bytes(kVersion).append(purpose);
  return ::EVP_CipherInit_ex(context, ::EVP_aes_256_gcm(), nullptr, octets(key.octets()),
                             octets(nonce), static_cast<int>(direction)) == 1 &&
         ::EVP_CipherUpdate(context, nullptr, &ignored, octets(about),
                            static_cast<int>(about.size())) == 1;
}

// `from` → `to`, which is as long.
bool convert(EVP_CIPHER_CTX* context, unsigned char* to, ByteView from) {
  int done = 0;
  return from.empty() ||
         ::EVP_CipherUpdate(context, to, &done, octets(from), static_cast<int>(from.size())) == 1;
}

// False when the tag is wrong, too.
bool finish(EVP_CIPHER_CTX* context) {
  std::array<unsigned char, EVP_MAX_BLOCK_LENGTH> nothing{};
  int done = 0;
  return ::EVP_CipherFinal_ex(context, nothing.data(), &done) == 1;
}

Failure not_sealed() {
  return fail(ErrorCode::Corrupt, "not a secret that was sealed under this key for this purpose");
}

}  // namespace

SealingKey SealingKey::generate() {
  SealingKey key;
  Bytes random = random_bytes(kSizeBytes);
  std::copy(random.begin(), random.end(), key.octets_.begin());
  OPENSSL_cleanse(random.data(), random.size());
  return key;
}

Result<SealingKey> SealingKey::from(ByteView octets) {
  if (octets.size() != kSizeBytes) {
    return fail(ErrorCode::InvalidArgument, "a sealing key has {} octets, not {}", kSizeBytes,
                octets.size());
  }
  SealingKey key;
  std::copy(octets.begin(), octets.end(), key.octets_.begin());
  return key;
}

SealingKey::~SealingKey() { OPENSSL_cleanse(octets_.data(), octets_.size()); }

Result<Bytes> seal(const SealingKey& key, std::string_view purpose, ByteView secret) {
  if (secret.size() > kMaxSealedBytes) {
    return fail(ErrorCode::TooLarge, "at most {} octets are sealed at once", kMaxSealedBytes);
  }
  const Errors errors;
  const internal::CipherContext context(::EVP_CIPHER_CTX_new());
  const Bytes nonce = random_bytes(kNonceBytes);
  Bytes sealed = Bytes(kVersion).append(nonce);
  sealed.resize(secret.size() + kOverheadBytes);
  unsigned char* const text = octets(sealed) + kVersion.size() + kNonceBytes;
  if (context == nullptr || !begin(context.get(), Direction::Seal, key, nonce, purpose) ||
      !convert(context.get(), text, secret) || !finish(context.get()) ||
      ::EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, kTagBytes,
                            text + secret.size()) != 1) {
    return errors.failure("sealing a secret");
  }
  return sealed;
}

Result<Bytes> open_sealed(const SealingKey& key, std::string_view purpose, ByteView sealed) {
  if (!sealed.starts_with(kVersion) || sealed.size() < kOverheadBytes ||
      sealed.size() > kMaxSealedBytes + kOverheadBytes) {
    return not_sealed();
  }
  const ByteView nonce = sealed.substr(kVersion.size(), kNonceBytes);
  const ByteView text =
      sealed.substr(kVersion.size() + kNonceBytes, sealed.size() - kOverheadBytes);
  Bytes tag(sealed.substr(sealed.size() - kTagBytes));

  const Errors errors;
  const internal::CipherContext context(::EVP_CIPHER_CTX_new());
  Bytes secret(text.size(), '\0');
  if (context != nullptr && begin(context.get(), Direction::Open, key, nonce, purpose) &&
      convert(context.get(), octets(secret), text) &&
      ::EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, kTagBytes, octets(tag)) == 1 &&
      finish(context.get())) {
    return secret;
  }
  OPENSSL_cleanse(secret.data(), secret.size());  // of a wrong tag, whatever it is
  if (context == nullptr || errors.lacked_memory()) return errors.failure("opening a secret");
  return not_sealed();
}

}  // namespace entrepot::crypto
