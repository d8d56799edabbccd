// What was set aside has an end.

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"
#include "base/testing/fake_clock.h"
#include "base/testing/temporary_directory.h"
#include "blob/fs/store.h"

namespace entrepot::blob::fs {
namespace {

class FsQuarantine : public ::testing::Test {
 protected:
  FsQuarantine() {
    FsBlobStore::Options options;
    options.directory = directory_.path();
    options.clock = &clock_;
    options.reserve_bytes = 0;
    store_ = FsBlobStore::open(options).value();
  }

  // A blob of so many bytes, set aside; an hour passes.
  void set_aside(std::size_t size_bytes) {
    const Bytes bytes(size_bytes, 'x');
    auto upload = store_->start(context_, UploadId::random(), HashAlgorithm::Sha256).value();
    ASSERT_OK(upload->write(context_, bytes));
    const auto stored = upload->commit(context_, Digest::of(bytes));
    ASSERT_OK(stored);
    ASSERT_OK(store_->quarantine(context_, stored->digest));
    clock_.advance(std::chrono::hours(1));
  }

  const entrepot::testing::TemporaryDirectory directory_ =
      entrepot::testing::TemporaryDirectory::in_memory();
  entrepot::testing::FakeClock clock_;
  Context context_;
  std::unique_ptr<FsBlobStore> store_;
};

TEST_F(FsQuarantine, FilesGoByTheirAge) {
  for (const std::size_t size : {10u, 20u, 30u}) set_aside(size);
  std::ofstream(directory_ / "entrepot/quarantine/README") << "put there by somebody";
  const auto purge = [&](int hours) {
    return store_->purge(context_, {.quarantine_before = clock_.wall() - std::chrono::hours(hours)})
        .value();
  };
  EXPECT_EQ(purge(4).quarantined, 0u);
  const Purged purged = purge(2);
  EXPECT_EQ(purged.quarantined, 1u);
  EXPECT_EQ(purged.quarantine_files_left, 2u);
  EXPECT_EQ(purged.quarantine_bytes_left, 50u);
  EXPECT_EQ(purge(0).quarantine_files_left, 0u);
  EXPECT_TRUE(std::filesystem::exists(directory_ / "entrepot/quarantine/README"));
}

TEST_F(FsQuarantine, OldestGoWhenThereAreTooManyBytes) {
  for (const std::size_t size : {10u, 20u, 30u}) set_aside(size);
  const Purged purged = store_->purge(context_, {.most_quarantine_bytes = 30}).value();
  EXPECT_EQ(purged.quarantined, 2u);
  EXPECT_EQ(purged.quarantine_bytes_left, 30u);
}

TEST_F(FsQuarantine, NothingGoesUnasked) {
  set_aside(10);
  EXPECT_EQ(store_->purge(context_, {.uploads_before = clock_.wall()})->quarantine_files_left, 1u);
}

}  // namespace
}  // namespace entrepot::blob::fs
