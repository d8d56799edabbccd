#include "blob/fs/internal/upload_state.h"

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"

namespace entrepot::blob::fs {
namespace {

UploadState sample(HashAlgorithm also) {
  UploadState state{"boot", 5, RunningHashes(also)};
  state.hashes.update("bytes");
  return state;
}

TEST(UploadState, GoesOnWhereItWasSaved) {
  for (const HashAlgorithm also : {HashAlgorithm::Sha256, HashAlgorithm::Sha512}) {
    auto state = decode_upload_state(encode(sample(also)));
    ASSERT_OK(state);
    EXPECT_EQ(state->boot_id, "boot");
    EXPECT_EQ(state->offset_bytes, 5u);
    EXPECT_EQ(state->hashes.also(), also);
    state->hashes.update(" and more");
    EXPECT_EQ(state->hashes.sha256(), Digest::of("bytes and more"));
    EXPECT_EQ(state->hashes.of(also), Digest::of("bytes and more", also));
    EXPECT_LE(encode(*state).size(), kUploadStateLimitBytes);
  }
}

TEST(UploadState, RefusesWhatIsDamaged) {
  const Bytes good = encode(sample(HashAlgorithm::Sha512));
  for (std::size_t at = 0; at < good.size(); ++at) {
    Bytes bad = good;
    bad[at] = static_cast<char>(bad[at] ^ 1);
    EXPECT_FAILS(Corrupt, decode_upload_state(bad)) << at;
    EXPECT_FAILS(Corrupt, decode_upload_state(ByteView(good).substr(0, at))) << at;
  }
  EXPECT_FAILS(Corrupt, decode_upload_state(good + "x"));
}

// A checksum that holds does not make it a state.
TEST(UploadState, RefusesWhatIsNoState) {
  for (const std::string text :
       {"", "entrepot-upload-1", "entrepot-upload-1\nboot\n5\n0\n",
        "entrepot-upload-1\nboot\n5\n999\nx", "entrepot-upload-1\nboot\n-5\n0\n",
        "entrepot-upload-2\nboot\n5\n0\n", "entrepot-upload-1\nboot\n99999999999999999999\n0\n",
        "entrepot-upload-1\nboot\n5x\n0\n"}) {
    EXPECT_FAILS(Corrupt, decode_upload_state(text + crypto::hash(HashAlgorithm::Sha256, text)))
        << text;
  }
}

}  // namespace
}  // namespace entrepot::blob::fs
