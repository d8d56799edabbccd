// A full disk: what is refused, what goes on, and how it heals.

#include "blob/fs/internal/reserve.h"

#include <algorithm>
#include <filesystem>

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"
#include "base/testing/fake_clock.h"
#include "base/testing/temporary_directory.h"
#include "blob/fs/internal/layout.h"
#include "blob/fs/store.h"
#include "blob/fs/testing/faulty_disk.h"

namespace entrepot::blob::fs::testing {
namespace {

using entrepot::testing::FakeClock;
using entrepot::testing::TemporaryDirectory;

constexpr std::uint64_t kReserveBytes = 1 << 20;

class FsFullDisk : public ::testing::Test {
 protected:
  void open() {
    store_ = FsBlobStore::open({.directory = directory_.path(),
                                .clock = &clock_,
                                .reserve_bytes = kReserveBytes,
                                .disk = &disk_})
                 .value();
  }

  // From the n-th call on, the disk is full for all that would take space.
  void fill(std::size_t nth = 1) { disk_.fail_call(nth, ENOSPC, true); }

  Result<Stored> push(ByteView bytes) {
    TRY_ASSIGN(auto upload, store_->start(context_, UploadId::random(), HashAlgorithm::Sha256));
    TRY(upload->write(context_, bytes));
    return upload->commit(context_, Digest::of(bytes));
  }

  bool reserve_is_there() const {
    const std::string path = directory_ / std::string(layout::kReserve);
    return std::filesystem::exists(path) && std::filesystem::file_size(path) == kReserveBytes;
  }

  Context context_;
  FakeClock clock_;
  const TemporaryDirectory directory_ = TemporaryDirectory::in_memory();
  FaultyDisk disk_{directory_.path()};
  std::unique_ptr<FsBlobStore> store_;
};

TEST_F(FsFullDisk, GivesTheReserveUpAndRefusesPushesUntilThereIsSpace) {
  open();
  ASSERT_TRUE(reserve_is_there());
  ASSERT_OK(push("kept"));

  disk_.fail_call(2, ENOSPC);  // the write
  EXPECT_FAILS(StorageFull, push("too much"));
  EXPECT_FALSE(reserve_is_there());

  // For a second no push even touches the disk, but deletes do.
  disk_.heal();
  EXPECT_FAILS(StorageFull, push("again"));
  EXPECT_FAILS(StorageFull, store_->check_writable(context_));
  EXPECT_FAILS(StorageFull, store_->require_room(context_));
  EXPECT_EQ(disk_.calls(), 0u);
  EXPECT_OK(store_->stat(context_, Digest::of("kept")));
  EXPECT_OK(store_->remove(context_, Digest::of("kept")));

  // Still full: the reserve cannot be taken back, so the room stays for the others.
  clock_.advance(std::chrono::seconds(2));
  fill();
  EXPECT_FAILS(StorageFull, push("again"));
  EXPECT_FALSE(reserve_is_there());

  clock_.advance(std::chrono::seconds(2));
  disk_.heal();
  EXPECT_OK(push("again"));
  EXPECT_TRUE(reserve_is_there());
  EXPECT_OK(store_->check_writable(context_));
}

TEST_F(FsFullDisk, StopsUploadsThatAreUnderWay) {
  open();
  const UploadId id = UploadId::random();
  const auto upload = store_->start(context_, id, HashAlgorithm::Sha256).value();
  ASSERT_OK(upload->write(context_, "some"));
  store_->disk_is_full();
  EXPECT_FALSE(reserve_is_there());
  EXPECT_FAILS(StorageFull, upload->write(context_, "more"));
  // And its bytes are not in the way any longer.
  EXPECT_FAILS(NotFound, store_->resume(context_, id));
}

TEST_F(FsFullDisk, IsNoReasonNotToStart) {
  open();
  ASSERT_OK(push("kept"));
  store_.reset();
  std::filesystem::remove(directory_ / std::string(layout::kReserve));

  // The directories are there: the first call that would take space is the reserve's.
  disk_.heal();
  open();
  const auto record = disk_.record();
  const auto reserve =
      std::find(record.begin(), record.end(), "open " + std::string(layout::kReserve));
  ASSERT_NE(reserve, record.end());
  store_.reset();
  std::filesystem::remove(directory_ / std::string(layout::kReserve));
  fill(static_cast<std::size_t>(reserve - record.begin()) + 1);
  open();
  EXPECT_FALSE(reserve_is_there());
  EXPECT_OK(store_->stat(context_, Digest::of("kept")));
  EXPECT_FAILS(StorageFull, push("more"));

  disk_.heal();
  clock_.advance(std::chrono::seconds(2));
  EXPECT_OK(push("more"));
  EXPECT_TRUE(reserve_is_there());
}

TEST_F(FsFullDisk, ReserveOfTheLastRunIsTakenOver) {
  open();
  store_.reset();
  ASSERT_TRUE(reserve_is_there());
  open();
  EXPECT_TRUE(reserve_is_there());
  EXPECT_OK(push("bytes"));
}

TEST(Reserve, OfNothingRefusesNothing) {
  const auto directory = TemporaryDirectory::in_memory();
  FaultyDisk disk(directory.path());
  Files files(open_root(directory.path()).value(), disk);
  const FakeClock clock;
  Reserve reserve(files, clock, 0);
  reserve.prepare();
  reserve.give_up();
  EXPECT_OK(reserve.require());
  EXPECT_EQ(disk.calls(), 0u);
}

}  // namespace
}  // namespace entrepot::blob::fs::testing
