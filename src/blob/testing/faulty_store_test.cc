#include "blob/testing/faulty_store.h"

#include "blob/testing/memory_store.h"
#include "blob/testing/store_conformance.h"

namespace entrepot::blob::testing {
namespace {

class FaultyHarness final : public StoreHarness {
 public:
  BlobStore& store() override { return store_; }
  void damage(const Digest& digest) override { inner_.damage(digest, "damaged"); }

 private:
  MemoryBlobStore inner_;
  FaultyBlobStore store_{inner_};
};

// Without a fault, nobody can tell it from the store behind it.
INSTANTIATE_TEST_SUITE_P(Faulty, BlobStoreConformance,
                         ::testing::Values(store_under_test<FaultyHarness>()));

Result<Stored> push(BlobStore& store, const UploadId& id, ByteView bytes) {
  Context context;
  TRY_ASSIGN(const auto upload, store.start(context, id, HashAlgorithm::Sha256));
  TRY(upload->write(context, bytes));
  return upload->commit(context, Digest::of(bytes));
}

TEST(FaultyBlobStore, FailsTheNthCallOfStoreAndUpload) {
  Context context;
  MemoryBlobStore inner;
  FaultyBlobStore faulty(inner);
  const UploadId id = UploadId::random();
  for (std::size_t n = 1; n <= 3; ++n) {
    faulty.fail_call(n, ErrorCode::StorageFull);
    EXPECT_FAILS(StorageFull, push(faulty, id, "bytes"));
    EXPECT_EQ(faulty.calls(), n);
    EXPECT_FAILS(NotFound, inner.stat(context, Digest::of("bytes")));
    EXPECT_FAILS(NotFound, inner.upload_offset(context, id));
  }
  faulty.fail_call(4, ErrorCode::StorageFull);
  EXPECT_OK(push(faulty, id, "bytes"));
  EXPECT_EQ(faulty.calls(), 3u);
  EXPECT_FAILS(StorageFull, faulty.stat(context, Digest::of("bytes")));
  EXPECT_OK(faulty.stat(context, Digest::of("bytes")));
}

TEST(FaultyBlobStore, AfterMeansDoneButNotHeard) {
  Context context;
  MemoryBlobStore inner;
  FaultyBlobStore faulty(inner);
  faulty.fail_call(3, ErrorCode::Timeout, FaultyBlobStore::When::After);
  EXPECT_FAILS(Timeout, push(faulty, UploadId::random(), "bytes"));
  EXPECT_OK(inner.stat(context, Digest::of("bytes")));
}

TEST(FaultyBlobStore, FailsFromTheNthCallUntilHealed) {
  Context context;
  MemoryBlobStore inner;
  FaultyBlobStore faulty(inner);
  faulty.fail_from(2, ErrorCode::Unavailable);
  EXPECT_OK(faulty.check_writable(context));
  EXPECT_FAILS(Unavailable, faulty.check_writable(context));
  EXPECT_FAILS(Unavailable, faulty.check_writable(context));
  faulty.heal();
  EXPECT_OK(faulty.check_writable(context));
}

}  // namespace
}  // namespace entrepot::blob::testing
