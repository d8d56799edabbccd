#include "crypto/signing_key.h"

#include <array>
#include <cstddef>
#include <optional>
#include <utility>

#include <fmt/format.h>
#include <openssl/core_names.h>

#include "crypto/hash.h"
#include "crypto/internal/openssl.h"

namespace entrepot::crypto {
namespace {

using internal::Errors;
using internal::octets;

constexpr std::size_t kCoordinateBytes = 32;
constexpr std::size_t kSignatureBytes = 2 * kCoordinateBytes;  // of both algorithms

// What is hashed before it is signed; Ed25519 hashes by itself.
const EVP_MD* digest_of(SigningAlgorithm algorithm) {
  return algorithm == SigningAlgorithm::Es256 ? ::EVP_sha256() : nullptr;
}

std::optional<SigningAlgorithm> algorithm_of(const EVP_PKEY* key) {
  if (::EVP_PKEY_is_a(key, "ED25519") == 1) return SigningAlgorithm::EdDsa;
  std::array<char, 32> curve{};
  if (::EVP_PKEY_is_a(key, "EC") == 1 &&
      ::EVP_PKEY_get_group_name(key, curve.data(), curve.size(), nullptr) == 1 &&
      std::string_view(curve.data()) == SN_X9_62_prime256v1) {
    return SigningAlgorithm::Es256;
  }
  return std::nullopt;
}

// --- The public part as text ---------------------------------------------------------------------

// A coordinate of a point of P-256 as RFC 7518 §6.2.1 wants it; empty when it failed.
Bytes coordinate(const EVP_PKEY* key, const char* which) {
  BIGNUM* number = nullptr;
  if (::EVP_PKEY_get_bn_param(key, which, &number) != 1) return {};
  const internal::BigNumber owner(number);
  Bytes bytes(kCoordinateBytes, '\0');
  if (::BN_bn2binpad(number, octets(bytes), static_cast<int>(bytes.size())) < 0) return {};
  return bytes;
}

Bytes raw_public_key(const EVP_PKEY* key) {
  Bytes bytes(kCoordinateBytes, '\0');
  std::size_t size = bytes.size();
  if (::EVP_PKEY_get_raw_public_key(key, octets(bytes), &size) != 1) return {};
  return bytes;
}

// The members that make the key, in the order of RFC 7638 §3.3, without the closing bracket.
std::optional<std::string> required_members(const EVP_PKEY* key, SigningAlgorithm algorithm) {
  if (algorithm == SigningAlgorithm::EdDsa) {
    const Bytes x = raw_public_key(key);
    if (x.empty()) return std::nullopt;
    return fmt::format(R"({{"crv":"Ed25519","kty":"OKP","x":"{}")", to_base64url(x));
  }
  const Bytes x = coordinate(key, OSSL_PKEY_PARAM_EC_PUB_X);
  const Bytes y = coordinate(key, OSSL_PKEY_PARAM_EC_PUB_Y);
  if (x.empty() || y.empty()) return std::nullopt;
  return fmt::format(R"({{"crv":"P-256","kty":"EC","x":"{}","y":"{}")", to_base64url(x),
                     to_base64url(y));
}

// --- ES256's two forms of a signature ------------------------------------------------------------

// What OpenSSL makes (an ASN.1 sequence) → r and s, 32 octets each; empty when it failed.
Bytes without_asn1(ByteView der) {
  const unsigned char* at = octets(der);
  const internal::EcdsaSignature parsed(
      ::d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size())));
  if (parsed == nullptr) return {};
  Bytes signature(kSignatureBytes, '\0');
  constexpr int kSize = kCoordinateBytes;
  unsigned char* const out = octets(signature);
  if (::BN_bn2binpad(::ECDSA_SIG_get0_r(parsed.get()), out, kSize) < 0 ||
      ::BN_bn2binpad(::ECDSA_SIG_get0_s(parsed.get()), out + kSize, kSize) < 0) {
    return {};
  }
  return signature;
}

// And back; empty without memory.
Bytes with_asn1(ByteView signature) {
  const internal::EcdsaSignature parsed(::ECDSA_SIG_new());
  internal::BigNumber r(::BN_bin2bn(octets(signature), kCoordinateBytes, nullptr));
  internal::BigNumber s(
      ::BN_bin2bn(octets(signature) + kCoordinateBytes, kCoordinateBytes, nullptr));
  if (parsed == nullptr || r == nullptr || s == nullptr) return {};
  ::ECDSA_SIG_set0(parsed.get(), r.release(), s.release());  // fails for null alone
  const int size = ::i2d_ECDSA_SIG(parsed.get(), nullptr);
  if (size <= 0) return {};
  Bytes der(static_cast<std::size_t>(size), '\0');
  unsigned char* out = octets(der);
  return ::i2d_ECDSA_SIG(parsed.get(), &out) == size ? der : Bytes();
}

// The same key without its private part.
internal::Key public_part_of(EVP_PKEY* key) {
  const int size = ::i2d_PUBKEY(key, nullptr);
  if (size <= 0) return nullptr;
  Bytes der(static_cast<std::size_t>(size), '\0');
  unsigned char* out = octets(der);
  if (::i2d_PUBKEY(key, &out) != size) return nullptr;
  const unsigned char* at = octets(der);
  return internal::Key(::d2i_PUBKEY(nullptr, &at, size));
}

}  // namespace

std::string_view name_of(SigningAlgorithm algorithm) {
  return algorithm == SigningAlgorithm::Es256 ? "ES256" : "EdDSA";
}

// --- PublicKey -----------------------------------------------------------------------------------

Result<PublicKey> PublicKey::of(evp_pkey_st* key, SigningAlgorithm algorithm) {
  const Errors errors;
  PublicKey made;
  made.algorithm_ = algorithm;
  made.key_ = public_part_of(key);
  if (made.key_ == nullptr) return errors.failure("reading a public key");
  const auto members = required_members(made.key_.get(), algorithm);
  if (!members) return errors.failure("reading a public key");
  made.id_ = to_base64url(hash(HashAlgorithm::Sha256, *members + "}"));
  made.jwk_ = fmt::format(R"({},"alg":"{}","kid":"{}","use":"sig"}})", *members, name_of(algorithm),
                          made.id_);
  return made;
}

Result<bool> PublicKey::verify(ByteView message, ByteView signature) const {
  if (signature.size() != kSignatureBytes) return false;
  const Errors errors;
  const Bytes der = algorithm_ == SigningAlgorithm::Es256 ? with_asn1(signature) : Bytes();
  const ByteView form = algorithm_ == SigningAlgorithm::Es256 ? ByteView(der) : signature;
  const internal::DigestContext context(::EVP_MD_CTX_new());
  if (form.empty() || context == nullptr ||
      ::EVP_DigestVerifyInit(context.get(), nullptr, digest_of(algorithm_), nullptr, key_.get()) !=
          1) {
    return errors.failure("verifying a signature");
  }
  if (::EVP_DigestVerify(context.get(), octets(form), form.size(), octets(message),
                         message.size()) == 1) {
    return true;
  }
  if (errors.lacked_memory()) return errors.failure("verifying a signature");
  return false;
}

// --- SigningKey ----------------------------------------------------------------------------------

void SigningKey::Free::operator()(evp_pkey_st* key) const { ::EVP_PKEY_free(key); }

SigningKey::SigningKey(Key key, PublicKey public_key)
    : key_(std::move(key)), public_key_(std::move(public_key)) {}

Result<SigningKey> SigningKey::from(Key key, SigningAlgorithm algorithm) {
  TRY_ASSIGN(PublicKey public_key, PublicKey::of(key.get(), algorithm));
  return SigningKey(std::move(key), std::move(public_key));
}

Result<SigningKey> SigningKey::generate(SigningAlgorithm algorithm) {
  const Errors errors;
  Key key(algorithm == SigningAlgorithm::Es256 ? EVP_EC_gen(SN_X9_62_prime256v1)
                                               : ::EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  if (key == nullptr) return errors.failure("making a signing key");
  return from(std::move(key), algorithm);
}

Result<SigningKey> SigningKey::from_pkcs8(ByteView der) {
  const Errors errors;
  const auto refuse = [&errors](ErrorCode code, std::string_view why) {
    if (errors.lacked_memory()) return errors.failure("reading a signing key");
    return fail(code, "{}", why);
  };
  const unsigned char* at = octets(der);
  const internal::Pkcs8 info(
      ::d2i_PKCS8_PRIV_KEY_INFO(nullptr, &at, static_cast<long>(der.size())));
  if (info == nullptr || at != octets(der) + der.size()) {
    return refuse(ErrorCode::InvalidArgument, "not a private key in PKCS#8");
  }
  Key key(::EVP_PKCS82PKEY(info.get()));
  if (key == nullptr) return refuse(ErrorCode::InvalidArgument, "not a whole private key");
  const auto algorithm = algorithm_of(key.get());
  if (!algorithm) {
    return refuse(ErrorCode::Unsupported, "neither a key of the curve P-256 nor of Ed25519");
  }
  const internal::KeyContext check(::EVP_PKEY_CTX_new(key.get(), nullptr));
  if (check == nullptr || ::EVP_PKEY_check(check.get()) != 1) {
    return refuse(ErrorCode::InvalidArgument, "the parts of a private key contradict each other");
  }
  return from(std::move(key), *algorithm);
}

Result<Bytes> SigningKey::pkcs8() const {
  const Errors errors;
  const internal::Pkcs8 info(::EVP_PKEY2PKCS8(key_.get()));
  const int size = info == nullptr ? 0 : ::i2d_PKCS8_PRIV_KEY_INFO(info.get(), nullptr);
  if (size <= 0) return errors.failure("writing a signing key");
  Bytes der(static_cast<std::size_t>(size), '\0');
  unsigned char* out = octets(der);
  if (::i2d_PKCS8_PRIV_KEY_INFO(info.get(), &out) != size) {
    return errors.failure("writing a signing key");
  }
  return der;
}

Result<Bytes> SigningKey::sign(ByteView message) const {
  const Errors errors;
  const SigningAlgorithm algorithm = public_key_.algorithm();
  const internal::DigestContext context(::EVP_MD_CTX_new());
  Bytes signature(kSignatureBytes + 16, '\0');  // of ES256 with its ASN.1
  std::size_t size = signature.size();
  if (context == nullptr ||
      ::EVP_DigestSignInit(context.get(), nullptr, digest_of(algorithm), nullptr, key_.get()) !=
          1 ||
      ::EVP_DigestSign(context.get(), octets(signature), &size, octets(message), message.size()) !=
          1) {
    return errors.failure("signing");
  }
  signature.resize(size);
  if (algorithm == SigningAlgorithm::Es256) signature = without_asn1(signature);
  if (signature.size() != kSignatureBytes) return errors.failure("signing");
  return signature;
}

}  // namespace entrepot::crypto
