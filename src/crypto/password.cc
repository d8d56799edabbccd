#include "crypto/password.h"

#include <argon2.h>
#include <crypt.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <memory>
#include <new>
#include <optional>
#include <utility>
#include <variant>

#include <fmt/format.h>
#include <openssl/crypto.h>

#include "base/bytes.h"
#include "base/check.h"
#include "crypto/hash.h"

namespace entrepot::crypto {
namespace {

// What hash_password makes; others' hashes may differ, within limits.
constexpr std::size_t kSaltBytes = 16;
constexpr std::size_t kTagBytes = 32;
constexpr std::size_t kMinSaltBytes = 8;
constexpr std::size_t kMinTagBytes = 16;
constexpr std::size_t kMaxSaltOrTagBytes = 64;

struct Argon2Hash {
  PasswordCost cost;
  Bytes salt;
  Bytes tag;  // what came out
};

// "$2y$10$" + 22 characters of salt + 31 of what came out, in bcrypt's own base64.
constexpr std::size_t kBcryptPrefixChars = 7;
constexpr std::size_t kBcryptSaltChars = 22;
constexpr std::size_t kBcryptTagChars = 31;
constexpr std::size_t kBcryptChars = kBcryptPrefixChars + kBcryptSaltChars + kBcryptTagChars;
constexpr std::size_t kBcryptMaxPasswordBytes = 72;
constexpr std::string_view kBcryptAlphabet =
    "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

struct BcryptHash {
  unsigned cost = 0;
  std::string_view salt;
  std::string_view tag;
};

using PasswordHash = std::variant<Argon2Hash, BcryptHash>;

// --- Reading -------------------------------------------------------------------------------------

Failure no_hash(std::string_view what) {
  return fail(ErrorCode::Corrupt, "not the hash of a password: {}", what);
}

Failure too_costly() {
  return fail(ErrorCode::Unsupported,
              "the hash costs more than is spent on one password (at most {} MiB of memory, {} "
              "passes, {} lanes; bcrypt: cost {})",
              kMaxPasswordCost.memory_kib >> 10, kMaxPasswordCost.passes, kMaxPasswordCost.lanes,
              kMaxBcryptCost);
}

bool is_possible(const PasswordCost& cost) {
  return cost.lanes >= 1 && cost.passes >= 1 && cost.memory_kib / 8 >= cost.lanes;
}

bool is_affordable(const PasswordCost& cost) {
  return cost.memory_kib <= kMaxPasswordCost.memory_kib && cost.passes <= kMaxPasswordCost.passes &&
         cost.lanes <= kMaxPasswordCost.lanes;
}

// What `text` has before the next `end`, which it loses with it; nullopt without one.
std::optional<std::string_view> take_until(std::string_view& text, char end) {
  const std::size_t at = text.find(end);
  if (at == std::string_view::npos) return std::nullopt;
  const std::string_view taken = text.substr(0, at);
  text.remove_prefix(at + 1);
  return taken;
}

// "m=19456" → 19456. Nullopt for anything but one decimal number as it is printed.
std::optional<std::uint32_t> parameter(std::string_view text, std::string_view name) {
  if (!text.starts_with(name)) return std::nullopt;
  text.remove_prefix(name.size());
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || text.front() == '0') {
    return std::nullopt;
  }
  return value;
}

// RFC 4648 §4 without padding, which is base64url but for two characters.
std::string to_base64(ByteView bytes) {
  std::string text = to_base64url(bytes);
  std::replace(text.begin(), text.end(), '-', '+');
  std::replace(text.begin(), text.end(), '_', '/');
  return text;
}

std::optional<Bytes> from_base64(std::string_view text) {
  if (text.find_first_of("-_") != std::string_view::npos) return std::nullopt;
  std::string translated(text);
  std::replace(translated.begin(), translated.end(), '+', '-');
  std::replace(translated.begin(), translated.end(), '/', '_');
  auto bytes = from_base64url(translated);
  if (!bytes) return std::nullopt;
  return *std::move(bytes);
}

// What follows "$argon2id$".
Result<PasswordHash> read_argon2(std::string_view text) {
  const auto version = take_until(text, '$');
  const auto memory = take_until(text, ',');
  const auto passes = take_until(text, ',');
  const auto lanes = take_until(text, '$');
  const auto salt = take_until(text, '$');
  if (!version || !memory || !passes || !lanes || !salt) return no_hash("a part is missing");
  if (*version != "v=19") {
    return fail(ErrorCode::Unsupported, "only version 19 of Argon2 is supported");
  }
  const auto m = parameter(*memory, "m=");
  const auto t = parameter(*passes, "t=");
  const auto p = parameter(*lanes, "p=");
  if (!m || !t || !p) return no_hash("its cost is not m=…,t=…,p=…");

  Argon2Hash hash{{*m, *t, *p}, {}, {}};
  if (!is_possible(hash.cost)) return no_hash("its cost is less than Argon2's least");
  if (!is_affordable(hash.cost)) return too_costly();
  constexpr std::size_t kMaxChars = kMaxSaltOrTagBytes * 4 / 3 + 1;
  if (salt->size() > kMaxChars || text.size() > kMaxChars) return no_hash("it is too long");
  auto salt_bytes = from_base64(*salt);
  auto tag_bytes = from_base64(text);
  if (!salt_bytes || !tag_bytes) return no_hash("it is not base64 without padding");
  if (salt_bytes->size() < kMinSaltBytes || tag_bytes->size() < kMinTagBytes) {
    return no_hash("it is too short");
  }
  hash.salt = *std::move(salt_bytes);
  hash.tag = *std::move(tag_bytes);
  return PasswordHash(std::move(hash));
}

// The whole text, which begins as one of bcrypt.
Result<PasswordHash> read_bcrypt(std::string_view text) {
  if (text.size() != kBcryptChars || text[6] != '$') return no_hash("bcrypt has 60 characters");
  const char tens = text[4];
  const char ones = text[5];
  if (tens < '0' || tens > '9' || ones < '0' || ones > '9') return no_hash("its cost is no number");
  const auto cost = static_cast<unsigned>((tens - '0') * 10 + (ones - '0'));
  if (cost < 4 || cost > 31) return no_hash("bcrypt's cost is from 04 to 31");
  if (cost > kMaxBcryptCost) return too_costly();
  const std::string_view rest = text.substr(kBcryptPrefixChars);
  if (rest.find_first_not_of(kBcryptAlphabet) != std::string_view::npos) {
    return no_hash("bcrypt has only the characters A-Z a-z 0-9 . /");
  }
  return PasswordHash(
      BcryptHash{cost, rest.substr(0, kBcryptSaltChars), rest.substr(kBcryptSaltChars)});
}

// The views in what it returns are into `text`.
Result<PasswordHash> read_hash(std::string_view text) {
  constexpr std::string_view kArgon2 = "$argon2id$";
  if (text.starts_with(kArgon2)) return read_argon2(text.substr(kArgon2.size()));
  for (const std::string_view start : {"$2y$", "$2a$", "$2b$"}) {
    if (text.starts_with(start)) return read_bcrypt(text);
  }
  // "$apr1$…", "$6$…", "{SHA}…": what other programs keep.
  if (text.starts_with('$') || text.starts_with('{')) {
    return fail(ErrorCode::Unsupported, "of passwords' hashes only Argon2id and bcrypt are read");
  }
  return no_hash("it does not begin as one");
}

// --- Computing -----------------------------------------------------------------------------------

std::uint8_t* octets(Bytes& bytes) { return reinterpret_cast<std::uint8_t*>(bytes.data()); }

// The library takes pointers to what it may wipe; without the flags for it, it only reads.
std::uint8_t* read_only(ByteView bytes) {
  return reinterpret_cast<std::uint8_t*>(const_cast<char*>(bytes.data()));
}

// `tag_bytes` octets of Argon2id. The library wipes its memory before it frees it.
Result<Bytes> compute(std::string_view password, ByteView salt, const PasswordCost& cost,
                      std::size_t tag_bytes) {
  Bytes tag(tag_bytes, '\0');
  argon2_context context{};
  context.out = octets(tag);
  context.outlen = static_cast<std::uint32_t>(tag.size());
  context.pwd = read_only(password);
  context.pwdlen = static_cast<std::uint32_t>(password.size());
  context.salt = read_only(salt);
  context.saltlen = static_cast<std::uint32_t>(salt.size());
  context.m_cost = cost.memory_kib;
  context.t_cost = cost.passes;
  context.lanes = cost.lanes;
  context.threads = 1;  // it makes none of its own then
  context.version = ARGON2_VERSION_13;
  context.flags = ARGON2_DEFAULT_FLAGS;
  const int outcome = ::argon2_ctx(&context, Argon2_id);
  if (outcome == ARGON2_MEMORY_ALLOCATION_ERROR) {
    return fail(ErrorCode::Unavailable, "no memory to hash a password");
  }
  CHECK(outcome == ARGON2_OK);  // all that it can complain about was checked before
  return tag;
}

Result<bool> verify(std::string_view password, const Argon2Hash& hash) {
  TRY_ASSIGN(Bytes tag, compute(password, hash.salt, hash.cost, hash.tag.size()));
  const bool is_equal = equal_in_constant_time(tag, hash.tag);
  OPENSSL_cleanse(tag.data(), tag.size());
  return is_equal;
}

struct WipeAndFree {
  void operator()(crypt_data* data) const {
    OPENSSL_cleanse(data, sizeof *data);
    delete data;
  }
};

Result<bool> verify(std::string_view password, const BcryptHash& hash) {
  const std::string_view fits =
      password.substr(0, std::min(password.find('\0'), kBcryptMaxPasswordBytes));
  const bool is_whole = fits.size() == password.size();

  const std::unique_ptr<crypt_data, WipeAndFree> work(new (std::nothrow) crypt_data());
  if (work == nullptr) return fail(ErrorCode::Unavailable, "no memory to hash a password");
  std::array<char, kBcryptMaxPasswordBytes + 1> text{};
  std::copy(fits.begin(), fits.end(), text.begin());
  // As $2b$, whatever it said: libcrypt takes $2a$ for hashes of a crypt_blowfish with a fault in
  // 8-bit characters, and answers some passwords differently. Everything that made $2a$ since, Go's
  // and Java's libraries among it, means $2b$.
  const std::string setting = fmt::format("$2b${:02}${}", hash.cost, hash.salt);
  const char* const made = ::crypt_r(text.data(), setting.c_str(), work.get());
  OPENSSL_cleanse(text.data(), text.size());

  const std::string_view outcome(made == nullptr ? "" : made);
  if (outcome.size() != kBcryptChars) {
    return fail(ErrorCode::Unsupported, "this system's libcrypt does not compute bcrypt");
  }
  // Not the salt: its last character has bits that mean nothing, and libcrypt clears them.
  const bool is_equal =
      equal_in_constant_time(outcome.substr(kBcryptChars - kBcryptTagChars), hash.tag);
  return is_equal && is_whole;
}

// --- Writing -------------------------------------------------------------------------------------

std::string to_text(const PasswordCost& cost, ByteView salt, ByteView tag) {
  return fmt::format("$argon2id$v=19$m={},t={},p={}${}${}", cost.memory_kib, cost.passes,
                     cost.lanes, to_base64(salt), to_base64(tag));
}

Result<void> check_cost(const PasswordCost& cost) {
  if (is_possible(cost) && is_affordable(cost)) return {};
  return fail(ErrorCode::InvalidArgument,
              "a password's cost is from 8 KiB for each lane to {} MiB of memory, from 1 to {} "
              "passes, and from 1 to {} lanes",
              kMaxPasswordCost.memory_kib >> 10, kMaxPasswordCost.passes, kMaxPasswordCost.lanes);
}

Result<void> check_length(std::string_view password) {
  if (password.size() <= kMaxPasswordBytes) return {};
  return fail(ErrorCode::InvalidArgument, "a password has at most {} octets", kMaxPasswordBytes);
}

// `count` random characters of bcrypt's alphabet, of which `last_bits` of the last one's six count.
std::string random_bcrypt_text(std::size_t count, unsigned last_bits) {
  std::string text = random_bytes(count);
  for (char& c : text) c = kBcryptAlphabet[static_cast<unsigned char>(c) % 64];
  const std::size_t last = kBcryptAlphabet.find(text.back());
  text.back() = kBcryptAlphabet[last >> (6 - last_bits) << (6 - last_bits)];
  return text;
}

}  // namespace

Result<std::string> hash_password(std::string_view password, const PasswordCost& cost) {
  TRY(check_length(password));
  TRY(check_cost(cost));
  const Bytes salt = random_bytes(kSaltBytes);
  TRY_ASSIGN(const Bytes tag, compute(password, salt, cost, kTagBytes));
  return to_text(cost, salt, tag);
}

Result<bool> verify_password(std::string_view password, std::string_view hash) {
  TRY(check_length(password));
  TRY_ASSIGN(const PasswordHash read, read_hash(hash));
  return std::visit([&](const auto& scheme) { return verify(password, scheme); }, read);
}

bool wants_rehash(std::string_view hash, const PasswordCost& cost) {
  const auto read = read_hash(hash);
  if (!read) return true;
  const auto* const argon2 = std::get_if<Argon2Hash>(&*read);
  return argon2 == nullptr || argon2->cost != cost || argon2->salt.size() != kSaltBytes ||
         argon2->tag.size() != kTagBytes;
}

Result<std::string> decoy_hash(const PasswordCost& cost) {
  TRY(check_cost(cost));
  return to_text(cost, random_bytes(kSaltBytes), random_bytes(kTagBytes));
}

Result<std::string> decoy_like(std::string_view hash) {
  TRY_ASSIGN(const PasswordHash read, read_hash(hash));
  if (const auto* const argon2 = std::get_if<Argon2Hash>(&read)) return decoy_hash(argon2->cost);
  constexpr unsigned kLastSaltBits = 2;  // 16 octets in 22 characters
  constexpr unsigned kLastTagBits = 4;   // 23 octets in 31
  return fmt::format("$2y${:02}${}{}", std::get<BcryptHash>(read).cost,
                     random_bcrypt_text(kBcryptSaltChars, kLastSaltBits),
                     random_bcrypt_text(kBcryptTagChars, kLastTagBits));
}

}  // namespace entrepot::crypto
