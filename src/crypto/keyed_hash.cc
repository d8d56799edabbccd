#include "crypto/keyed_hash.h"

#include <memory>
#include <new>

#include <openssl/evp.h>

#include "crypto/hash.h"

namespace entrepot::crypto {
namespace {

constexpr std::size_t kKeyBytes = 16;

struct Free {
  void operator()(EVP_MAC_CTX* context) const { EVP_MAC_CTX_free(context); }
};
using Context = std::unique_ptr<EVP_MAC_CTX, Free>;

// What is dear is to make one, so each thread has its own.
Context make_context() {
  EVP_MAC* const siphash = EVP_MAC_fetch(nullptr, "SIPHASH", nullptr);
  if (siphash == nullptr) throw std::bad_alloc();  // OpenSSL's default provider has it
  Context context(EVP_MAC_CTX_new(siphash));
  EVP_MAC_free(siphash);
  if (!context) throw std::bad_alloc();
  return context;
}

}  // namespace

KeyedHash::KeyedHash() : key_(random_bytes(kKeyBytes)) {}

KeyedHash::Value KeyedHash::operator()(ByteView text) const {
  thread_local const Context context = make_context();
  Value value;
  auto* const out = reinterpret_cast<unsigned char*>(value.words.data());
  const auto* const key = reinterpret_cast<const unsigned char*>(key_.data());
  const auto* const octets = reinterpret_cast<const unsigned char*>(text.data());
  std::size_t size = 0;
  const bool made = EVP_MAC_init(context.get(), key, key_.size(), nullptr) == 1 &&
                    EVP_MAC_update(context.get(), octets, text.size()) == 1 &&
                    EVP_MAC_final(context.get(), out, &size, sizeof value) == 1;
  if (!made || size != sizeof value) throw std::bad_alloc();  // nothing else can go wrong
  return value;
}

}  // namespace entrepot::crypto
