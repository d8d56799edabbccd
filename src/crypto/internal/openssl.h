#pragma once
// crypto/internal/openssl.h — OpenSSL's objects with owners, and its errors without traces.

#include <memory>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>

#include "base/bytes.h"
#include "base/result.h"

namespace entrepot::crypto::internal {

// Octets as OpenSSL takes them.
inline const unsigned char* octets(ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* octets(Bytes& bytes) {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

// unique_ptr's deleter for what `free_object` frees.
template <auto free_object>
struct FreeWith {
  template <class Object>
  void operator()(Object* object) const {
    free_object(object);
  }
};

using BigNumber = std::unique_ptr<BIGNUM, FreeWith<::BN_free>>;
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeWith<::EVP_CIPHER_CTX_free>>;
using DigestContext = std::unique_ptr<EVP_MD_CTX, FreeWith<::EVP_MD_CTX_free>>;
using EcdsaSignature = std::unique_ptr<ECDSA_SIG, FreeWith<::ECDSA_SIG_free>>;
using Key = std::unique_ptr<EVP_PKEY, FreeWith<::EVP_PKEY_free>>;
using KeyContext = std::unique_ptr<EVP_PKEY_CTX, FreeWith<::EVP_PKEY_CTX_free>>;
// Wipes what it holds of a private key.
using Pkcs8 = std::unique_ptr<PKCS8_PRIV_KEY_INFO, FreeWith<::PKCS8_PRIV_KEY_INFO_free>>;

// The errors that OpenSSL keeps for this thread, for the length of some calls: empty before, and
// emptied after, so that TLS on the same thread does not take them for its own.
class Errors {
 public:
  Errors() { ::ERR_clear_error(); }
  ~Errors() { ::ERR_clear_error(); }
  Errors(const Errors&) = delete;
  Errors& operator=(const Errors&) = delete;

  bool lacked_memory() const {
    return ERR_GET_REASON(::ERR_peek_last_error()) == ERR_R_MALLOC_FAILURE;
  }

  // What to return when a call failed that fails for no reason but memory.
  Failure failure(std::string_view doing) const {
    if (lacked_memory()) return fail(ErrorCode::Unavailable, "{}: no memory", doing);
    const char* const reason = ::ERR_reason_error_string(::ERR_peek_last_error());
    return fail(ErrorCode::Internal, "{}: {}", doing, reason == nullptr ? "no reason" : reason);
  }
};

}  // namespace entrepot::crypto::internal
