// What is left when the disk fails: each call of an operation in turn, once and for good.

#include <algorithm>
#include <functional>

#include <gtest/gtest.h>

#include "base/testing/fake_clock.h"
#include "base/testing/temporary_directory.h"
#include "blob/fs/internal/layout.h"
#include "blob/fs/store.h"
#include "blob/fs/testing/faulty_disk.h"
#include "blob/testing/store_conformance.h"

namespace entrepot::blob::fs::testing {
namespace {

using blob::testing::sample_bytes;

constexpr std::size_t kPieceBytes = 10'000;

// A store on a disk that can be told to fail.
class FsFaults : public ::testing::Test {
 protected:
  FsFaults() { reopen(); }

  // What the next start of the program finds.
  void reopen() {
    store_.reset();
    store_ = FsBlobStore::open({.directory = directory_.path(),
                                .clock = &clock_,
                                .reserve_bytes = 4096,
                                .writeback_step_bytes = kPieceBytes,
                                .disk = &disk_})
                 .value();
  }

  enum class Way { Straight, PutAwayHalfWay, TakenOver, BrokenOff };

  Result<Stored> push(ByteView bytes, Way way = Way::Straight) {
    const UploadId id = UploadId::random();
    TRY_ASSIGN(auto upload, store_->start(context_, id, HashAlgorithm::Sha256));
    if (way == Way::PutAwayHalfWay) {
      TRY(upload->write(context_, bytes.substr(0, kPieceBytes)));
      TRY(upload->pause(context_));
      TRY_ASSIGN(upload, store_->resume(context_, id));
    } else if (way != Way::Straight) {
      // What comes behind the offset that was told is dropped again.
      TRY(upload->write(context_, bytes.substr(0, kPieceBytes)));
      TRY_ASSIGN(const std::uint64_t told, store_->upload_offset(context_, id));
      TRY(upload->write(context_, "late bytes"));
      if (way == Way::BrokenOff) upload.reset();
      TRY_ASSIGN(upload, store_->resume(context_, id));
      const std::uint64_t offset = upload->offset_bytes();
      EXPECT_TRUE(offset == told || (way == Way::BrokenOff && offset == 0)) << offset;
    }
    while (upload->offset_bytes() < bytes.size()) {
      TRY(upload->write(context_, bytes.substr(upload->offset_bytes(), kPieceBytes)));
    }
    return upload->commit(context_, Digest::of(bytes));
  }

  // Every blob that is there has the bytes that its name says.
  void expect_no_damage() {
    EXPECT_OK(store_->list(context_, std::nullopt, [&](const Stored& stored) {
      auto source = store_->open(context_, stored.digest).value();
      EXPECT_EQ(Digest::of(read_all(context_, source, 1 << 20).value()), stored.digest);
      return true;
    }));
  }

  std::size_t purge() {
    const WallTime later = Clock::system().wall() + std::chrono::hours(1);
    return store_->purge(context_, {.uploads_before = later})->uploads.size();
  }

  Context context_;
  entrepot::testing::FakeClock clock_;
  const entrepot::testing::TemporaryDirectory directory_ =
      entrepot::testing::TemporaryDirectory::in_memory();
  FaultyDisk disk_{directory_.path()};
  std::unique_ptr<FsBlobStore> store_;
};

struct Fault {
  int error;
  ErrorCode code;
  bool lasting;
};

constexpr Fault kFaults[] = {
    {EIO, ErrorCode::Unavailable, false},    {EIO, ErrorCode::Unavailable, true},
    {ENOSPC, ErrorCode::StorageFull, false}, {ENOSPC, ErrorCode::StorageFull, true},
    {EDQUOT, ErrorCode::StorageFull, false},
};

std::string name_of_fault(const Fault& fault, std::size_t nth) {
  return fmt::format("{} from call {}{}", fault.error, nth, fault.lasting ? " on" : "");
}

// A push that meets a fault fails as a whole: no part of the blob is seen, then or after a restart,
// no file stays behind, and the same push succeeds as soon as the disk does.
TEST_F(FsFaults, PushIsAllOrNothing) {
  const Bytes bytes = sample_bytes(3 * kPieceBytes + 5, 1);
  for (const Way way : {Way::Straight, Way::PutAwayHalfWay, Way::TakenOver, Way::BrokenOff}) {
    for (const Fault& fault : kFaults) {
      std::size_t failures = 0;
      for (std::size_t n = 1;; ++n) {
        SCOPED_TRACE(name_of_fault(fault, n));
        disk_.fail_call(n, fault.error, fault.lasting);
        const auto pushed = push(bytes, way);
        const bool met_a_fault = disk_.calls() >= n;
        if (!pushed) {
          ++failures;
          EXPECT_EQ(pushed.error().code, fault.code) << pushed.error().message;
        }
        expect_no_damage();
        disk_.heal();
        reopen();
        expect_no_damage();
        // Only what could not be put away, or a disk that stays broken, leaves something behind.
        const std::size_t left = purge();
        EXPECT_TRUE(left == 0 || fault.lasting || way == Way::PutAwayHalfWay ||
                    way == Way::BrokenOff);
        clock_.advance(std::chrono::seconds(2));
        ASSERT_OK(push(bytes, way));
        ASSERT_OK(store_->remove(context_, Digest::of(bytes)));
        if (!met_a_fault) break;
      }
      EXPECT_GE(failures, 10u);
    }
  }
}

// Whatever stops it half way, a removal can be repeated, and what is left is the blob or nothing.
TEST_F(FsFaults, RemovalCanBeRepeated) {
  const Bytes bytes = sample_bytes(kPieceBytes, 2);
  for (const bool quarantine : {false, true}) {
    for (std::size_t n = 1;; ++n) {
      SCOPED_TRACE(n);
      disk_.heal();
      ASSERT_OK(push(bytes));
      const auto attempt = [&] {
        return quarantine ? store_->quarantine(context_, Digest::of(bytes))
                          : store_->remove(context_, Digest::of(bytes));
      };
      disk_.fail_call(n, EIO);
      const auto removed = attempt();
      if (disk_.calls() < n) break;
      expect_no_damage();
      if (removed) continue;
      EXPECT_EQ(removed.error().code, ErrorCode::Unavailable);
      const auto again = attempt();
      EXPECT_TRUE(again || again.error().code == ErrorCode::NotFound);
      EXPECT_FAILS(NotFound, store_->stat(context_, Digest::of(bytes)));
    }
  }
}

// A kernel that failed to sync may say at the second try that all is well, when the bytes are lost.
TEST_F(FsFaults, FailedSyncIsNeverRepeated) {
  const Bytes bytes = sample_bytes(kPieceBytes, 3);
  for (std::size_t n = 1; n < 30; ++n) {
    disk_.fail_call(n, EIO);
    const auto pushed = push(bytes);
    const auto record = disk_.record();
    if (record.size() < n || !record[n - 1].starts_with("sync")) continue;
    EXPECT_FAILS(Unavailable, pushed);
    EXPECT_EQ(std::count(record.begin(), record.end(), record[n - 1]), 1) << record[n - 1];
  }
}

// Interruptions and short writes are part of life, not errors.
TEST_F(FsFaults, InterruptedCallsAndShortWritesGoOn) {
  const Bytes bytes = sample_bytes(3 * kPieceBytes + 5, 4);
  disk_.be_nervous(999);
  ASSERT_OK(push(bytes));
  ASSERT_OK(push(bytes, Way::PutAwayHalfWay));
  expect_no_damage();
  EXPECT_EQ(purge(), 0u);
  ASSERT_OK(store_->quarantine(context_, Digest::of(bytes)));
  ASSERT_OK(push(bytes));
  ASSERT_OK(store_->remove(context_, Digest::of(bytes)));
}

// The order that makes a blob durable before anybody hears of it, and no call more.
TEST_F(FsFaults, CommitSyncsBytesThenRenamesThenSyncsDirectories) {
  const Bytes bytes = sample_bytes(10, 5);
  const Digest digest = Digest::of(bytes);
  const std::string blobs(layout::kBlobs);
  const std::string prefix = layout::prefix_directory(digest.hex());
  const std::string directory = layout::blob_directory(digest);
  const UploadId id = UploadId::random();
  const std::string upload = layout::upload_file(id);
  const auto push_it = [&] {
    disk_.heal();
    const auto writer = store_->start(context_, id, HashAlgorithm::Sha256).value();
    EXPECT_OK(writer->write(context_, bytes));
    EXPECT_OK(writer->commit(context_, digest));
  };

  push_it();
  EXPECT_EQ(disk_.record(), (std::vector<std::string>{
                                "open " + upload,
                                "write " + upload,
                                "sync_data " + upload,
                                "make_directory " + prefix,
                                "sync_directory " + blobs,
                                "make_directory " + directory,
                                "rename " + upload + " " + layout::blob_file(digest),
                                "sync_directory " + directory,
                                "sync_directory " + prefix,
                            }));
  // Replacing is the same, with a directory that is known by now.
  push_it();
  EXPECT_EQ(disk_.record(), (std::vector<std::string>{
                                "open " + upload,
                                "write " + upload,
                                "sync_data " + upload,
                                "make_directory " + directory,
                                "rename " + upload + " " + layout::blob_file(digest),
                                "sync_directory " + directory,
                                "sync_directory " + prefix,
                            }));
}

}  // namespace
}  // namespace entrepot::blob::fs::testing
