#include "crypto/seeded_hash.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "crypto/hash.h"

namespace entrepot::crypto {
namespace {

using Words = std::array<std::uint64_t, 2>;

// Both halves of the product: every bit of either word changes about half of the result.
std::uint64_t mix(std::uint64_t a, std::uint64_t b) {
  __extension__ using Wide = unsigned __int128;
  const Wide product = static_cast<Wide>(a) * b;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
}

std::array<std::uint64_t, 3> make_seed() {
  std::array<std::uint64_t, 3> seed{};
  const Bytes random = random_bytes(sizeof seed);
  std::memcpy(seed.data(), random.data(), sizeof seed);
  return seed;
}

}  // namespace

std::size_t SeededHash::operator()(std::string_view text) const noexcept {
  static const auto seed = make_seed();
  std::uint64_t result = seed[0];
  for (std::size_t at = 0; at < text.size(); at += sizeof(Words)) {
    Words words{};
    std::memcpy(words.data(), text.data() + at, std::min(sizeof words, text.size() - at));
    result = mix(words[0] ^ seed[1], words[1] ^ result);
  }
  return mix(result ^ text.size(), seed[2]);
}

}  // namespace entrepot::crypto
