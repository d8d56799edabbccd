#pragma once
// blob/fs/internal/upload_state.h — what an upload needs to go on without reading its bytes again.

#include <optional>
#include <string>

#include "blob/store.h"
#include "crypto/hash.h"

namespace entrepot::blob::fs {

struct UploadState;

// The hashes that run along an upload: sha256 always, one more if it was asked for. A value.
class RunningHashes {
 public:
  explicit RunningHashes(HashAlgorithm also = HashAlgorithm::Sha256);

  void update(ByteView bytes);

  Digest sha256() const;
  // Null when this algorithm does not run along.
  std::optional<Digest> of(HashAlgorithm algorithm) const;
  HashAlgorithm also() const;

 private:
  friend Bytes encode(const UploadState& state);
  friend Result<UploadState> decode_upload_state(ByteView bytes);

  crypto::Hasher sha256_;
  std::optional<crypto::Hasher> also_;
};

// The state file of a session. A value.
struct UploadState {
  std::string boot_id;  // of the machine when it was written
  std::uint64_t offset_bytes = 0;
  RunningHashes hashes;  // of the bytes before the offset
};

Bytes encode(const UploadState& state);

// Corrupt when it is anything else, damaged, or of another build of the program.
Result<UploadState> decode_upload_state(ByteView bytes);
inline constexpr std::size_t kUploadStateLimitBytes = 4096;

}  // namespace entrepot::blob::fs
