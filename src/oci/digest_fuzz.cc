#include "base/check.h"
#include "oci/digest.h"

using namespace entrepot;

// A text is refused or is exactly what the digest prints; a stored key likewise.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(reinterpret_cast<const char*>(data), size);
  if (const auto digest = oci::Digest::parse(input)) {
    CHECK(digest->to_string() == input);
    CHECK(*oci::Digest::from_key(digest->key()) == *digest);
  }
  if (const auto digest = oci::Digest::from_key(input)) {
    CHECK(digest->key() == input);
    CHECK(*oci::Digest::parse(digest->to_string()) == *digest);
  }
  if (const auto algorithm = oci::parse_algorithm(input)) CHECK(oci::name_of(*algorithm) == input);
  return 0;
}
