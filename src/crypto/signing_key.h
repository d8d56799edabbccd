#pragma once
// crypto/signing_key.h — keys that sign, and their public parts that verify.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"

struct evp_pkey_st;  // OpenSSL's EVP_PKEY

namespace entrepot::crypto {

enum class SigningAlgorithm : std::uint8_t {
  Es256,  // ECDSA on P-256 with SHA-256 (RFC 7518 §3.4)
  EdDsa,  // Ed25519 (RFC 8037)
};

// As it is called in JSON: "ES256", "EdDSA".
std::string_view name_of(SigningAlgorithm algorithm);

// What may be told to everybody, and verifies. Has no part of the private key, and may outlive it.
// Parsed once; copies are cheap and share that. Thread-safe. A verification takes about 0.1 ms.
class PublicKey {
 public:
  SigningAlgorithm algorithm() const { return algorithm_; }

  // Its name: the SHA-256 of the key in base64url (RFC 7638), 43 characters.
  const std::string& id() const { return id_; }

  // The key as one JSON object (RFC 7517), with "kid", "alg" and "use".
  const std::string& jwk() const { return jwk_; }

  // Is `signature` one of the key's owner under `message`? Signatures are 64 octets: r and s of
  // ES256 (RFC 7518 §3.4), R and S of Ed25519 (RFC 8032); all others are none. Unavailable without
  // memory.
  //
  // Of ES256 each signature has a twin that is as good: a signature, or a text with one, names
  // nothing.
  Result<bool> verify(ByteView message, ByteView signature) const;

 private:
  friend class SigningKey;
  PublicKey() = default;

  static Result<PublicKey> of(evp_pkey_st* key, SigningAlgorithm algorithm);

  SigningAlgorithm algorithm_ = SigningAlgorithm::Es256;
  std::shared_ptr<evp_pkey_st> key_;  // shared by copies: it is never changed
  std::string id_;
  std::string jwk_;
};

// A private key with its public part. Moved, never copied; wiped when it goes. Thread-safe. A
// signature takes about 0.05 ms.
class SigningKey {
 public:
  // A new key. Unavailable without memory.
  static Result<SigningKey> generate(SigningAlgorithm algorithm);

  // A key of one of the algorithms in PKCS#8 (RFC 5208), as DER and not encrypted. InvalidArgument:
  // it is none, has something behind it, or its parts contradict each other; Unsupported: another
  // kind of key; Unavailable without memory.
  static Result<SigningKey> from_pkcs8(ByteView der);

  // The same form. It is the secret itself: to be sealed (crypto/sealed.h) before it is written,
  // and wiped by the caller.
  Result<Bytes> pkcs8() const;

  const PublicKey& public_key() const { return public_key_; }

  // A signature as PublicKey::verify takes it. EdDSA's is the same each time, ES256's is not.
  // Unavailable without memory.
  Result<Bytes> sign(ByteView message) const;

 private:
  struct Free {
    void operator()(evp_pkey_st* key) const;
  };
  using Key = std::unique_ptr<evp_pkey_st, Free>;

  SigningKey(Key key, PublicKey public_key);
  static Result<SigningKey> from(Key key, SigningAlgorithm algorithm);

  Key key_;
  PublicKey public_key_;
};

}  // namespace entrepot::crypto
