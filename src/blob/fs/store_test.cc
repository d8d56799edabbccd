#include "blob/fs/store.h"

#include <fstream>

#include <gtest/gtest.h>

#include "base/testing/temporary_directory.h"
#include "blob/fs/internal/layout.h"
#include "blob/testing/store_conformance.h"

namespace entrepot::blob::testing {
namespace {

class FsHarness final : public StoreHarness {
 public:
  FsHarness() { reopen(); }

  BlobStore& store() override { return *store_; }

  void reopen() override {
    store_.reset();
    store_ = fs::FsBlobStore::open({.directory = directory_.path(), .reserve_bytes = 4096}).value();
  }

  void damage(const Digest& digest) override {
    std::ofstream(directory_ / fs::layout::blob_file(digest)) << "damaged";
  }

 private:
  const entrepot::testing::TemporaryDirectory directory_;
  std::unique_ptr<fs::FsBlobStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Fs, BlobStoreConformance,
                         ::testing::Values(store_under_test<FsHarness>({.survives_reopen = true,
                                                                        .keeps_files = true})));

}  // namespace
}  // namespace entrepot::blob::testing
