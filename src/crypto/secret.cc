#include "crypto/secret.h"

#include <array>
#include <cstddef>
#include <cstdint>

#include "base/check.h"
#include "crypto/hash.h"

namespace entrepot::crypto {
namespace {

constexpr std::string_view kDigits =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view kLetters = "abcdefghijklmnopqrstuvwxyz";
constexpr std::size_t kMinKindChars = 2;
constexpr std::size_t kMaxKindChars = 8;
constexpr std::size_t kRandomChars = 43;   // log2(62^43) = 256.03
constexpr std::size_t kChecksumChars = 6;  // 62^6 > 2^32

// No 0 o, 1 i l; no a e u, so that it spells nothing.
constexpr std::string_view kReadable = "bcdfghjkmnpqrstvwxyz23456789";
constexpr std::size_t kGroups = 4;
constexpr std::size_t kGroupChars = 5;

// `count` characters of `alphabet`, each as likely as the others.
std::string random_text(std::size_t count, std::string_view alphabet) {
  const std::size_t fair = 256 - 256 % alphabet.size();  // octets beyond would favour the first
  std::string text;
  while (text.size() < count) {
    for (const char c : random_bytes(count - text.size())) {
      const std::size_t octet = static_cast<unsigned char>(c);
      if (octet < fair) text += alphabet[octet % alphabet.size()];
    }
  }
  return text;
}

// The CRC-32 of zlib, gzip and PNG.
constexpr std::array<std::uint32_t, 256> kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t i = 0; i < table.size(); ++i) {
    std::uint32_t value = i;
    for (int bit = 0; bit < 8; ++bit) value = value >> 1 ^ (value & 1 ? 0xedb88320u : 0);
    table[i] = value;
  }
  return table;
}();

std::uint32_t crc32(std::string_view text) {
  std::uint32_t crc = 0xffffffff;
  for (const char c : text) crc = crc >> 8 ^ kCrcTable[(crc ^ static_cast<unsigned char>(c)) & 255];
  return ~crc;
}

std::string checksum_of(std::string_view text) {
  std::string digits(kChecksumChars, '0');
  std::size_t rest = crc32(text);
  for (std::size_t i = digits.size(); i-- > 0; rest /= kDigits.size()) {
    digits[i] = kDigits[rest % kDigits.size()];
  }
  return digits;
}

bool is_kind(std::string_view text) {
  return text.size() >= kMinKindChars && text.size() <= kMaxKindChars &&
         text.find_first_not_of(kLetters) == std::string_view::npos;
}

}  // namespace

std::string make_secret(std::string_view kind) {
  CHECK(is_kind(kind));
  std::string text(kSecretStart);
  text.append(kind) += '_';
  text += random_text(kRandomChars, kDigits);
  text += checksum_of(text);
  return text;
}

std::optional<std::string_view> parse_secret(std::string_view text) {
  constexpr std::size_t kTail = kRandomChars + kChecksumChars;
  if (!text.starts_with(kSecretStart) || text.size() < kSecretStart.size() + 1 + kTail)
    return std::nullopt;
  const std::string_view kind =
      text.substr(kSecretStart.size(), text.size() - kSecretStart.size() - 1 - kTail);
  const std::string_view tail = text.substr(text.size() - kTail);
  const std::string_view checked = text.substr(0, text.size() - kChecksumChars);
  const bool is_whole = is_kind(kind) && text[kSecretStart.size() + kind.size()] == '_' &&
                        tail.find_first_not_of(kDigits) == std::string_view::npos &&
                        text.substr(checked.size()) == checksum_of(checked);
  return is_whole ? std::optional(kind) : std::nullopt;
}

Bytes fingerprint_of(std::string_view text) { return hash(HashAlgorithm::Sha256, text); }

std::string make_one_time_password() {
  std::string password;
  for (std::size_t i = 0; i < kGroups; ++i) {
    if (i > 0) password += '-';
    password += random_text(kGroupChars, kReadable);
  }
  return password;
}

}  // namespace entrepot::crypto
