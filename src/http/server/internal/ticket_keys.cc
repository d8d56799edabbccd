#include "http/server/internal/ticket_keys.h"

#include <unistd.h>

#include <algorithm>
#include <memory>

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>
#include <openssl/ssl.h>

#include "base/check.h"

namespace entrepot::http::server::internal {
namespace {

// What the callback returns (SSL_CTX_set_tlsext_ticket_key_evp_cb(3)).
constexpr int kFailed = -1;
constexpr int kNoTicket = 0;
constexpr int kDone = 1;
constexpr int kDoneAndRenew = 2;

void wipe(std::optional<TicketKeys::Key>& key) {
  if (key) ::OPENSSL_cleanse(&*key, sizeof *key);
  key.reset();
}

// Not by RAND_bytes(), which wants memory on each thread's first use.
template <std::size_t size>
void fill(std::array<unsigned char, size>& bytes) {
  CHECK(::getentropy(bytes.data(), bytes.size()) == 0);
}

bool set_up(const TicketKeys::Key& key, const unsigned char* iv, EVP_CIPHER_CTX* cipher,
            EVP_MAC_CTX* mac, bool seal) {
  std::array<unsigned char, 32> mac_key = key.mac;
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
      ::OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, mac_key.data(), mac_key.size()),
      ::OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
      ::OSSL_PARAM_construct_end()};
  const bool good =
      ::EVP_CipherInit_ex(cipher, ::EVP_aes_256_cbc(), nullptr, key.cipher.data(), iv, seal) == 1 &&
      ::EVP_MAC_CTX_set_params(mac, parameters) == 1;
  ::OPENSSL_cleanse(mac_key.data(), mac_key.size());
  return good;
}

void end_keys(void*, void* keys, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<TicketKeys*>(keys);
}

// Where a context keeps its keys.
int place() {
  static const int index = ::SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, end_keys);
  return index;
}

int on_ticket(SSL* connection, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher,
              EVP_MAC_CTX* mac, int seal) {
  TicketKeys& keys = TicketKeys::of(::SSL_get_SSL_CTX(connection));
  if (seal != 0) {
    TicketKeys::Key key = keys.sealing();
    std::copy(key.name.begin(), key.name.end(), name);
    const bool good = ::RAND_bytes(iv, ::EVP_CIPHER_get_iv_length(::EVP_aes_256_cbc())) == 1 &&
                      set_up(key, iv, cipher, mac, true);
    ::OPENSSL_cleanse(&key, sizeof key);
    return good ? kDone : kFailed;
  }
  bool renew = false;
  std::optional<TicketKeys::Key> key = keys.opening(name, &renew);
  if (!key) return kNoTicket;
  const bool good = set_up(*key, iv, cipher, mac, false);
  wipe(key);
  if (!good) return kFailed;
  return renew ? kDoneAndRenew : kDone;
}

}  // namespace

TicketKeys::~TicketKeys() {
  wipe(current_);
  wipe(former_);
}

bool TicketKeys::install(ssl_ctx_st* context, const Clock& clock) {
  auto keys = std::make_unique<TicketKeys>(clock);
  if (::SSL_CTX_set_ex_data(context, place(), keys.get()) != 1) return false;
  [[maybe_unused]] const TicketKeys* const of_the_context = keys.release();
  ::SSL_CTX_set_tlsext_ticket_key_evp_cb(context, on_ticket);
  ::SSL_CTX_set_timeout(context, std::chrono::seconds(kTicketLife).count());
  return true;
}

TicketKeys& TicketKeys::of(ssl_ctx_st* context) {
  return *static_cast<TicketKeys*>(::SSL_CTX_get_ex_data(context, place()));
}

TicketKeys::Key TicketKeys::sealing() {
  const MutexLock lock(mutex_);
  turn_locked();
  return *current_;
}

std::optional<TicketKeys::Key> TicketKeys::opening(const unsigned char* name, bool* renew) {
  const MutexLock lock(mutex_);
  turn_locked();
  for (const auto* key : {&current_, &former_}) {
    if (!*key || !std::equal((*key)->name.begin(), (*key)->name.end(), name)) continue;
    *renew = key == &former_;
    return *key;
  }
  return std::nullopt;
}

void TicketKeys::turn() {
  const MutexLock lock(mutex_);
  if (current_) turn_locked();
}

void TicketKeys::turn_locked() {
  const SteadyTime now = clock_.steady();
  if (former_ && now - replaced_ >= kTicketLife) wipe(former_);
  if (current_ && now - made_ < kSealsFor) return;
  wipe(former_);
  if (current_ && now - made_ < kSealsFor + kTicketLife) {
    former_ = current_;
    replaced_ = now;
  }
  wipe(current_);
  current_ = Key{};
  fill(current_->name);
  fill(current_->cipher);
  fill(current_->mac);
  made_ = now;
}

}  // namespace entrepot::http::server::internal
