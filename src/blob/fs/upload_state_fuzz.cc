// A state file is outside bytes: a crash or a person may have left anything there.

#include <cstdint>

#include "base/check.h"
#include "blob/fs/internal/upload_state.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace entrepot;
  const ByteView bytes(reinterpret_cast<const char*>(data), size);
  // As it is, and with a checksum that holds, so that what is behind it gets its share.
  for (const Bytes& state :
       {Bytes(bytes), Bytes(bytes) + crypto::hash(crypto::HashAlgorithm::Sha256, bytes)}) {
    const auto decoded = blob::fs::decode_upload_state(state);
    if (decoded) CHECK(blob::fs::decode_upload_state(blob::fs::encode(*decoded)).has_value());
  }
  return 0;
}
