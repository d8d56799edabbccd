#include "crypto/hash.h"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <new>
#include <type_traits>
#include <utility>
#include <variant>

// The one place that uses OpenSSL's deprecated SHA256_CTX and SHA512_CTX: an EVP context of OpenSSL
// 3.0 cannot be exported, and an upload must be able to go on after a restart without reading its
// bytes again. Both ways run the same code on SHA-NI.
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/sha.h>

#include "base/check.h"

namespace entrepot::crypto {
namespace {

// The same four calls for both algorithms.
struct Sha256 {
  static constexpr HashAlgorithm kAlgorithm = HashAlgorithm::Sha256;
  static constexpr std::size_t kBlockBytes = SHA256_CBLOCK;
  SHA256_CTX context;

  Sha256() { SHA256_Init(&context); }
  void update(ByteView bytes) { SHA256_Update(&context, bytes.data(), bytes.size()); }
  void finish(unsigned char* out) { SHA256_Final(out, &context); }
};

struct Sha512 {
  static constexpr HashAlgorithm kAlgorithm = HashAlgorithm::Sha512;
  static constexpr std::size_t kBlockBytes = SHA512_CBLOCK;
  SHA512_CTX context;

  Sha512() { SHA512_Init(&context); }
  void update(ByteView bytes) { SHA512_Update(&context, bytes.data(), bytes.size()); }
  void finish(unsigned char* out) { SHA512_Final(out, &context); }
};

static_assert(std::is_trivially_copyable_v<Sha256> && std::is_trivially_copyable_v<Sha512>);

// A saved state is: these octets, the algorithm, OpenSSL's structure, SHA-256 of all before.
constexpr std::string_view kStateMagic = "hash-state-1:";
constexpr std::size_t kChecksumBytes = SHA256_DIGEST_LENGTH;

unsigned char* octets(Bytes& bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }
const unsigned char* octets(ByteView bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

template <class Sha>
Bytes save_state(const Sha& sha) {
  Bytes state(kStateMagic);
  state += static_cast<char>(Sha::kAlgorithm);
  state.append(reinterpret_cast<const char*>(&sha), sizeof sha);
  state += hash(HashAlgorithm::Sha256, state);
  return state;
}

// False when `structure` is not one that OpenSSL could have left: its counts would lead it outside
// of its buffer.
template <class Sha>
bool load_state(Sha& sha, ByteView structure) {
  if (structure.size() != sizeof sha) return false;
  std::memcpy(static_cast<void*>(&sha), structure.data(), sizeof sha);
  return sha.context.md_len == size_of(Sha::kAlgorithm) &&
         sha.context.num == (sha.context.Nl / 8) % Sha::kBlockBytes;
}

int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  return -1;
}

constexpr std::string_view kBase64url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

constexpr std::uint8_t kNotBase64url = 0xff;
constexpr std::array<std::uint8_t, 256> kBase64urlValues = [] {
  std::array<std::uint8_t, 256> values{};
  values.fill(kNotBase64url);
  for (std::size_t i = 0; i < kBase64url.size(); ++i) {
    values[static_cast<unsigned char>(kBase64url[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

}  // namespace

struct Hasher::State {
  std::variant<Sha256, Sha512> sha;
};

Hasher::Hasher(HashAlgorithm algorithm) : state_(std::make_unique<State>()) {
  if (algorithm == HashAlgorithm::Sha512) state_->sha.emplace<Sha512>();
}
Hasher::Hasher(const Hasher& other) : state_(std::make_unique<State>(*other.state_)) {}
Hasher& Hasher::operator=(const Hasher& other) {
  if (this != &other) state_ = std::make_unique<State>(*other.state_);
  return *this;
}
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;
Hasher::~Hasher() = default;

HashAlgorithm Hasher::algorithm() const {
  return std::holds_alternative<Sha256>(state_->sha) ? HashAlgorithm::Sha256
                                                     : HashAlgorithm::Sha512;
}

void Hasher::update(ByteView bytes) {
  std::visit([&](auto& sha) { sha.update(bytes); }, state_->sha);
}

Bytes Hasher::value() const {
  Bytes out(size_of(algorithm()), '\0');
  std::visit([&](auto sha) { sha.finish(octets(out)); }, state_->sha);  // on a copy
  return out;
}

Bytes Hasher::save() const {
  return std::visit([](const auto& sha) { return save_state(sha); }, state_->sha);
}

Result<Hasher> Hasher::restore(ByteView state) {
  const auto refuse = [] {
    return fail(ErrorCode::InvalidArgument, "not a saved hash state of this program");
  };
  if (state.size() <= kStateMagic.size() + 1 + kChecksumBytes || !state.starts_with(kStateMagic)) {
    return refuse();
  }
  const ByteView checked = state.substr(0, state.size() - kChecksumBytes);
  if (hash(HashAlgorithm::Sha256, checked) != state.substr(checked.size())) return refuse();

  const auto algorithm = static_cast<HashAlgorithm>(checked[kStateMagic.size()]);
  if (algorithm != HashAlgorithm::Sha256 && algorithm != HashAlgorithm::Sha512) return refuse();
  Hasher hasher(algorithm);
  const ByteView structure = checked.substr(kStateMagic.size() + 1);
  const auto load = [&](auto& sha) { return load_state(sha, structure); };
  if (!std::visit(load, hasher.state_->sha)) return refuse();
  return hasher;
}

// Not by OpenSSL's SHA256(): that wants memory, and without any it returns as if nothing were
// wrong.
template <class Sha>
void hash_at_once(ByteView bytes, Bytes& out) {
  Sha sha;
  sha.update(bytes);
  sha.finish(octets(out));
}

Bytes hash(HashAlgorithm algorithm, ByteView bytes) {
  Bytes out(size_of(algorithm), '\0');
  if (algorithm == HashAlgorithm::Sha256) {
    hash_at_once<Sha256>(bytes, out);
  } else {
    hash_at_once<Sha512>(bytes, out);
  }
  return out;
}

Bytes hmac_sha256(ByteView key, ByteView message) {
  Bytes out(SHA256_DIGEST_LENGTH, '\0');
  const auto* const made = HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
                                octets(message), message.size(), octets(out), nullptr);
  if (made == nullptr) throw std::bad_alloc();  // nothing else can go wrong
  return out;
}

bool equal_in_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

Bytes random_bytes(std::size_t count) {
  Bytes out(count, '\0');
  std::size_t done = 0;
  while (done < count) {
    const ssize_t got = getrandom(out.data() + done, count - done, 0);
    CHECK(got >= 0 || errno == EINTR);  // a kernel without getrandom is none that we run on
    if (got > 0) done += static_cast<std::size_t>(got);
  }
  return out;
}

std::string to_hex(ByteView bytes) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  out.reserve(bytes.size() * 2);
  for (const char c : bytes) {
    const auto octet = static_cast<unsigned char>(c);
    out += kDigits[octet >> 4];
    out += kDigits[octet & 15];
  }
  return out;
}

Result<Bytes> from_hex(std::string_view hex) {
  if (hex.size() % 2 != 0) return fail(ErrorCode::InvalidArgument, "an odd number of hex digits");
  Bytes out(hex.size() / 2, '\0');
  for (std::size_t i = 0; i < out.size(); ++i) {
    const int high = hex_value(hex[2 * i]);
    const int low = hex_value(hex[2 * i + 1]);
    if (high < 0 || low < 0) {
      return fail(ErrorCode::InvalidArgument, "hex has only the digits 0-9 and a-f");
    }
    out[i] = static_cast<char>(high << 4 | low);
  }
  return out;
}

std::string to_base64url(ByteView bytes) {
  std::string out;
  out.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t window = 0;
  unsigned bits = 0;
  for (const char c : bytes) {
    window = window << 8 | static_cast<unsigned char>(c);
    for (bits += 8; bits >= 6;) out += kBase64url[window >> (bits -= 6) & 63];
  }
  if (bits > 0) out += kBase64url[window << (6 - bits) & 63];
  return out;
}

std::string to_base64(ByteView bytes) {
  std::string out = to_base64url(bytes);
  std::replace(out.begin(), out.end(), '-', '+');
  std::replace(out.begin(), out.end(), '_', '/');
  out.append((4 - out.size() % 4) % 4, '=');
  return out;
}

Result<Bytes> from_base64url(std::string_view text) {
  Bytes out;
  out.reserve(text.size() * 3 / 4);
  std::uint32_t window = 0;
  unsigned bits = 0;
  for (const char c : text) {
    const std::uint8_t value = kBase64urlValues[static_cast<unsigned char>(c)];
    if (value == kNotBase64url) {
      return fail(ErrorCode::InvalidArgument, "base64url has only A-Z a-z 0-9 - _, no padding");
    }
    window = window << 6 | value;
    bits += 6;
    if (bits >= 8) out += static_cast<char>(window >> (bits -= 8) & 255);
  }
  // What is left over must be fewer than six bits, all zero: else two texts would mean the same.
  if (bits >= 6 || (window & ((1u << bits) - 1)) != 0) {
    return fail(ErrorCode::InvalidArgument, "base64url ends in the middle of an octet");
  }
  return out;
}

}  // namespace entrepot::crypto
