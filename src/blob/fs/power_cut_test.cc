// What is left when the power goes: after each call that changes the disk, with every kind of luck.

#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "base/testing/temporary_directory.h"
#include "blob/fs/store.h"
#include "blob/fs/testing/faulty_disk.h"
#include "blob/fs/testing/power_cut_disk.h"
#include "blob/testing/store_conformance.h"

namespace entrepot::blob::fs::testing {
namespace {

using blob::testing::sample_bytes;
using entrepot::testing::TemporaryDirectory;

constexpr std::size_t kPieceBytes = 1000;

const UploadId kUnfinished = UploadId::parse("00000000-0000-4000-8000-000000000001").value();

Result<std::unique_ptr<FsBlobStore>> open_store(const std::string& directory, Disk& disk,
                                                const std::string& boot_id) {
  return FsBlobStore::open({.directory = directory,
                            .reserve_bytes = 0,
                            .writeback_step_bytes = kPieceBytes,
                            .disk = &disk,
                            .boot_id = boot_id});
}

Result<void> write_rest(Context& context, Upload& upload, ByteView bytes) {
  while (upload.offset_bytes() < bytes.size()) {
    TRY(upload.write(context, bytes.substr(upload.offset_bytes(), kPieceBytes)));
  }
  return {};
}

Result<void> push(BlobStore& store, ByteView bytes) {
  Context context;
  TRY_ASSIGN(auto upload, store.start(context, UploadId::random(), HashAlgorithm::Sha256));
  TRY(write_rest(context, *upload, bytes));
  TRY(upload->commit(context, Digest::of(bytes)));
  return {};
}

// Some life of a store, and what it was told: which blobs are there for certain, which are not.
class Life {
 public:
  // Ends at the first error.
  Result<void> run(BlobStore& store) {
    TRY(change(a_, true, [&] { return push(store, a_); }));
    TRY(change(b_, true, [&] { return push_in_two(store, b_); }));
    TRY(begin_upload(store));
    TRY(change(a_, true, [&] { return push(store, a_); }));
    TRY(change(b_, false, [&] { return store.remove(context_, Digest::of(b_)); }));
    TRY(change(a_, false, [&] { return store.quarantine(context_, Digest::of(a_)); }));
    quarantined_ = true;
    TRY(change(b_, true, [&] { return push(store, b_); }));
    return change(a_, true, [&] { return push_in_two(store, a_); });
  }

  void expect_as_acknowledged(BlobStore& store) {
    for (const auto& [bytes, there] : acknowledged_) {
      const Digest digest = Digest::of(bytes);
      if (there) {
        auto source = store.open(context_, digest);
        ASSERT_OK(source) << "an acknowledged blob is gone";
        EXPECT_EQ(read_all(context_, *source, 1 << 20).value(), bytes);
      } else {
        EXPECT_FAILS(NotFound, store.stat(context_, digest)) << "a removed blob is back";
      }
    }
  }

  // What was set aside can be looked at.
  void expect_quarantine(const std::string& directory) {
    if (!quarantined_) return;
    Bytes found;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
      std::ifstream file(entry.path());
      found.assign(std::istreambuf_iterator(file), {});
    }
    EXPECT_EQ(found, a_);
  }

  // The upload goes on from somewhere, and becomes what it was meant to be.
  void expect_upload_is_sound(BlobStore& store) {
    auto upload = store.resume(context_, kUnfinished);
    if (!upload) {
      EXPECT_EQ(upload.error().code, ErrorCode::NotFound);
      return;
    }
    ASSERT_OK(write_rest(context_, **upload, c_));
    EXPECT_OK((*upload)->commit(context_, Digest::of(c_)));
  }

  using AfterEach = std::function<void()>;
  void expect_all_can_be_pushed(
      BlobStore& store, const AfterEach& after_each = [] {}) {
    for (const Bytes& bytes : {a_, b_, c_}) {
      ASSERT_OK(push(store, bytes));
      acknowledged_[bytes] = true;
      after_each();
    }
    expect_as_acknowledged(store);
  }

 private:
  // While a call runs, nothing is certain about its blob.
  template <class Call>
  Result<void> change(const Bytes& bytes, bool there_after, const Call& call) {
    acknowledged_.erase(bytes);
    TRY(call());
    acknowledged_[bytes] = there_after;
    return {};
  }

  Result<void> push_in_two(BlobStore& store, ByteView bytes) {
    const UploadId id = UploadId::random();
    TRY_ASSIGN(auto upload, store.start(context_, id, HashAlgorithm::Sha256));
    TRY(upload->write(context_, bytes.substr(0, kPieceBytes)));
    TRY(upload->pause(context_));
    TRY_ASSIGN(upload, store.resume(context_, id));
    TRY(write_rest(context_, *upload, bytes));
    TRY(upload->commit(context_, Digest::of(bytes)));
    return {};
  }

  Result<void> begin_upload(BlobStore& store) {
    TRY_ASSIGN(auto upload, store.start(context_, kUnfinished, HashAlgorithm::Sha512));
    TRY(upload->write(context_, ByteView(c_).substr(0, kPieceBytes)));
    TRY(upload->pause(context_));
    TRY_ASSIGN(upload, store.resume(context_, kUnfinished));
    TRY(upload->write(context_, ByteView(c_).substr(kPieceBytes, kPieceBytes)));
    return upload->pause(context_);
  }

  const Bytes a_ = sample_bytes(3 * kPieceBytes + 1, 1);
  const Bytes b_ = sample_bytes(2 * kPieceBytes + 2, 2);
  const Bytes c_ = sample_bytes(3 * kPieceBytes + 3, 3);
  std::map<Bytes, bool> acknowledged_;
  bool quarantined_ = false;
  Context context_;
};

void expect_no_damage(BlobStore& store) {
  Context context;
  EXPECT_OK(store.list(context, std::nullopt, [&](const Stored& stored) {
    auto source = store.open(context, stored.digest).value();
    EXPECT_EQ(Digest::of(read_all(context, source, 1 << 20).value()), stored.digest);
    return true;
  }));
}

// Lives until the power goes after `calls` calls, then looks at what is left. False when the life
// was over before.
bool live_and_look(std::size_t calls, const PowerCutDisk::Luck& luck) {
  const auto before = TemporaryDirectory::in_memory();
  const auto after = TemporaryDirectory::in_memory();
  Life life;
  bool cut = false;
  {
    PowerCutDisk disk(before.path());
    disk.cut_after(calls);
    auto store = open_store(before.path(), disk, "first");
    cut = !store || !life.run(**store);
    disk.write_survivors(after.path(), luck);
  }
  FaultyDisk disk(after.path());
  auto store = open_store(after.path(), disk, "second");
  EXPECT_OK(store);
  if (!store) return false;
  life.expect_as_acknowledged(**store);
  life.expect_quarantine(after / "entrepot/quarantine");
  expect_no_damage(**store);
  life.expect_upload_is_sound(**store);
  expect_no_damage(**store);
  life.expect_all_can_be_pushed(**store);
  return cut;
}

// A process is killed after `calls` calls, the next one pushes, and after each answer the power
// could go. False when the first was over before.
bool live_twice_and_look(std::size_t calls, const PowerCutDisk::Luck& luck) {
  const auto before = TemporaryDirectory::in_memory();
  PowerCutDisk disk(before.path());
  disk.cut_after(calls);
  bool killed = false;
  {
    auto store = open_store(before.path(), disk, "first");
    killed = !store || !Life().run(**store);
  }
  disk.cut_after(PowerCutDisk::kNever);
  auto store = open_store(before.path(), disk, "first");
  EXPECT_OK(store);
  if (!store) return false;
  Life life;
  life.expect_all_can_be_pushed(**store, [&] {
    const auto after = TemporaryDirectory::in_memory();
    disk.write_survivors(after.path(), luck);
    FaultyDisk survivors(after.path());
    auto left = open_store(after.path(), survivors, "second");
    ASSERT_OK(left);
    life.expect_as_acknowledged(**left);
    expect_no_damage(**left);
  });
  return killed;
}

using Kept = PowerCutDisk::Luck::Bytes;

PowerCutDisk::Luck always(bool name, Kept bytes) {
  return {[name] { return name; }, [bytes] { return bytes; }};
}

PowerCutDisk::Luck tossed(unsigned seed) {
  const auto random = std::make_shared<std::minstd_rand>(seed);
  return {[random] { return (*random)() / 7 % 2 == 0; },
          [random] { return static_cast<Kept>((*random)() / 7 % 3); }};
}

struct Unsynced {
  const char* name;
  PowerCutDisk::Luck luck;
};
void PrintTo(const Unsynced& unsynced, std::ostream* out) { *out << unsynced.name; }

class FsPowerCut : public ::testing::TestWithParam<Unsynced> {};

// An acknowledged commit, removal or quarantine stays; nothing is ever seen in part; and the store
// goes on working with what is left.
TEST_P(FsPowerCut, WhatWasAcknowledgedStaysAndNothingIsPartial) {
  std::size_t calls = 0;
  while (live_and_look(calls, GetParam().luck)) {
    if (HasFailure()) FAIL() << "after call " << calls;
    ++calls;
  }
  EXPECT_GT(calls, 60u);
}

// Directories and names that a killed process made are there for the next one, and yet not on the
// disk: a push answers for them, too.
TEST_P(FsPowerCut, PushAfterAKillSyncsWhatTheKilledOneDidNot) {
  std::size_t calls = 0;
  while (live_twice_and_look(calls, GetParam().luck)) {
    if (HasFailure()) FAIL() << "after call " << calls;
    ++calls;
  }
  EXPECT_GT(calls, 60u);
}

INSTANTIATE_TEST_SUITE_P(
    Cut, FsPowerCut,
    ::testing::Values(Unsynced{"Lost", always(false, Kept::Old)},
                      Unsynced{"NamesKept", always(true, Kept::Old)},
                      Unsynced{"SizesKept", always(true, Kept::NewSizeWithoutBytes)},
                      Unsynced{"BytesKept", always(false, Kept::New)},
                      Unsynced{"AllKept", always(true, Kept::New)}, Unsynced{"Tossed1", tossed(1)},
                      Unsynced{"Tossed2", tossed(2)}, Unsynced{"Tossed3", tossed(3)}),
    [](const auto& instance) { return instance.param.name; });

}  // namespace
}  // namespace entrepot::blob::fs::testing
