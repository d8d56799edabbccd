#include "blob/testing/memory_store.h"

#include "blob/testing/store_conformance.h"

namespace entrepot::blob::testing {
namespace {

class MemoryHarness final : public StoreHarness {
 public:
  BlobStore& store() override { return store_; }
  void damage(const Digest& digest) override { store_.damage(digest, "damaged"); }

 private:
  MemoryBlobStore store_;
};

INSTANTIATE_TEST_SUITE_P(Memory, BlobStoreConformance,
                         ::testing::Values(store_under_test<MemoryHarness>()));

}  // namespace
}  // namespace entrepot::blob::testing
