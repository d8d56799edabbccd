#include <cstdint>

#include "base/check.h"
#include "crypto/password.h"
#include "crypto/secret.h"

using namespace entrepot;

namespace {

// A line of a file is a hash within our limits, or refused before anything is computed.
void check_hash(std::string_view text) {
  const auto decoy = crypto::decoy_like(text);
  if (!decoy) {
    CHECK(decoy.error().code == ErrorCode::Corrupt || decoy.error().code == ErrorCode::Unsupported);
    CHECK(crypto::wants_rehash(text));
    return;
  }
  // It says scheme and cost of the text, and is another.
  constexpr std::size_t kStart = 15;  // "$argon2id$v=19$"
  const bool is_argon2 = text.starts_with("$argon2id$v=19$m=");
  CHECK(is_argon2 || text.starts_with("$2"));
  const std::size_t end = is_argon2 ? text.find('$', kStart) : 7;
  const std::size_t begin = is_argon2 ? 0 : 4;
  CHECK(decoy->substr(begin, end - begin) == text.substr(begin, end - begin));
  CHECK(*decoy != text);
  CHECK(crypto::decoy_like(*decoy).has_value());
}

void check_secret(std::string_view text) {
  const auto kind = crypto::parse_secret(text);
  if (!kind) return;
  CHECK(text.substr(4, kind->size()) == *kind);
  CHECK(crypto::make_secret(*kind).size() == text.size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  check_hash(input);
  check_secret(input);
  return 0;
}
