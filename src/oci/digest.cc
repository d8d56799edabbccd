#include "oci/digest.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
#include "oci/internal/excerpt.h"

namespace entrepot::oci {
namespace {

using internal::excerpt;

bool is_lower_or_digit(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); }

// algorithm ::= component (separator component)*, component ::= [a-z0-9]+, separator ::= [+._-]
bool is_algorithm_name(std::string_view name) {
  bool separated = true;
  for (const char c : name) {
    if (is_lower_or_digit(c)) {
      separated = false;
    } else if (!separated && std::string_view("+._-").find(c) != std::string_view::npos) {
      separated = true;
    } else {
      return false;
    }
  }
  return !separated;
}

// Two 64-bit words into one; every bit of both matters (the folded product of 128 bits).
std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product >> 64) ^ static_cast<std::uint64_t>(product);
}

}  // namespace

Result<Digest> Digest::parse(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) {
    return fail(ErrorCode::InvalidArgument, "{} is not a digest: want sha256:<64 hex digits>",
                excerpt(text));
  }
  const auto algorithm = parse_algorithm(text.substr(0, colon));
  if (!algorithm) return fail(ErrorCode::InvalidArgument, "{}", algorithm.error().message);

  const std::string_view hex = text.substr(colon + 1);
  const std::size_t size = crypto::size_of(*algorithm);
  if (hex.size() != 2 * size) {
    return fail(ErrorCode::InvalidArgument, "{}: {} has {} hex digits, not {}", excerpt(text),
                name_of(*algorithm), 2 * size, hex.size());
  }
  const auto hash = crypto::from_hex(hex);
  if (!hash) {
    return fail(ErrorCode::InvalidArgument, "{}: {}", excerpt(text), hash.error().message);
  }
  return from_hash(*algorithm, *hash);
}

Digest Digest::from_hash(HashAlgorithm algorithm, ByteView hash) {
  CHECK(hash.size() == crypto::size_of(algorithm));
  Digest digest;
  digest.algorithm_ = algorithm;
  std::memcpy(digest.hash_.data(), hash.data(), hash.size());
  return digest;
}

Digest Digest::of(ByteView bytes, HashAlgorithm algorithm) {
  return from_hash(algorithm, crypto::hash(algorithm, bytes));
}

Result<Digest> Digest::from_key(ByteView key) {
  for (const auto algorithm : {HashAlgorithm::Sha256, HashAlgorithm::Sha512}) {
    if (key.size() == 1 + crypto::size_of(algorithm) && key[0] == static_cast<char>(algorithm)) {
      return from_hash(algorithm, key.substr(1));
    }
  }
  return fail(ErrorCode::Corrupt, "not a stored digest: {} octets", key.size());
}

std::string Digest::hex() const { return crypto::to_hex(hash()); }

std::string Digest::to_string() const {
  std::string text(name_of(algorithm_));
  text += ':';
  text += hex();
  return text;
}

Bytes Digest::key() const {
  Bytes key(1, static_cast<char>(algorithm_));
  key += hash();
  return key;
}

Result<HashAlgorithm> parse_algorithm(std::string_view name) {
  if (name == "sha256") return HashAlgorithm::Sha256;
  if (name == "sha512") return HashAlgorithm::Sha512;
  if (is_algorithm_name(name)) {
    return fail(ErrorCode::Unsupported,
                "digest algorithm {} is not supported: sha256 and sha512 are", excerpt(name));
  }
  return fail(ErrorCode::InvalidArgument, "{} is not a digest algorithm: want sha256 or sha512",
              excerpt(name));
}

std::string_view name_of(HashAlgorithm algorithm) {
  return algorithm == HashAlgorithm::Sha256 ? "sha256" : "sha512";
}

}  // namespace entrepot::oci

// Clients choose digests freely (nothing makes them hash anything), so the octets alone would let
// them fill one bucket: the seed is this process's own.
std::size_t std::hash<entrepot::oci::Digest>::operator()(
    const entrepot::oci::Digest& digest) const noexcept {
  static const auto seed = [] {
    std::array<std::uint64_t, 2> words{};
    const entrepot::Bytes random = entrepot::crypto::random_bytes(sizeof words);
    std::memcpy(words.data(), random.data(), sizeof words);
    return words;
  }();
  const entrepot::ByteView octets = digest.hash();
  std::uint64_t result = seed[0];
  for (std::size_t i = 0; i < octets.size(); i += 16) {
    std::array<std::uint64_t, 2> words{};
    std::memcpy(words.data(), octets.data() + i, sizeof words);
    result = entrepot::oci::mix(words[0] ^ seed[1], words[1] ^ result);
  }
  return result;
}
