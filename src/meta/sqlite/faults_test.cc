// A disk that fails at each point of a push, in each way: all or nothing, and what was acknowledged
// stays.

#include <filesystem>

#include <gtest/gtest.h>

#include "base/testing/fake_clock.h"
#include "base/testing/temporary_directory.h"
#include "meta/sqlite/store.h"
#include "meta/sqlite/testing/faulty_vfs.h"
#include "meta/sqlite/testing/temporary_store.h"
#include "meta/testing/on_threads.h"
#include "meta/testing/store_conformance.h"

namespace entrepot::meta::sqlite {
namespace {

using meta::testing::at;
using meta::testing::name;
using meta::testing::new_manifest;
using meta::testing::on_threads;
using meta::testing::sha256;
using meta::testing::tag;
using testing::FaultyVfs;

constexpr int kMostOperations = 500;  // of one push or start; a loop that passes it is a fault

class StoreFaults : public ::testing::Test {
 protected:
  Result<std::unique_ptr<SqliteStore>> open(const std::string& vfs) {
    return SqliteStore::open({.path = path_, .readers = 2, .as_it_is = false, .vfs = vfs}, clock_);
  }

  Result<void> push(Store& store, std::string_view what) {
    return store.write(context_, [&](Transaction& tx) -> Result<void> {
      TRY_ASSIGN(const Repository repo, tx.repositories().find_or_create(name("app"), at(0)));
      NewManifest manifest = new_manifest(repo.id, what);
      manifest.references = {{sha256("layer"), oci::ReferenceKind::Layer}};
      TRY(tx.manifests().put(manifest));
      TRY(tx.tags().move(repo.id, tag(what), manifest.digest, at(0)));
      return tx.journal().add({.kind = events::EventKind::ManifestPushed,
                               .at = at(0),
                               .repository = name("app"),
                               .digest = manifest.digest,
                               .tag = tag(what),
                               .previous = std::nullopt});
    });
  }

  // How much of a push is there: 0 nothing, 3 all of it (tag, manifest, journal).
  int parts_of(Store& store, std::string_view what) {
    int parts = 0;
    EXPECT_OK(store.read(context_, [&](const Snapshot& s) -> Result<void> {
      parts = 0;
      const auto repo = s.repositories().find(name("app"));
      if (!repo) return {};
      if (s.manifests().find(name("app"), tag(what))) ++parts;
      if (s.manifests().find(repo->id, sha256(what))) ++parts;
      if (!s.tags().history(repo->id, tag(what), 10)->empty()) ++parts;
      return {};
    }));
    return parts;
  }

  // Opens what the faults left on a disk that is well, and checks it.
  void expect_whole(std::string_view acknowledged, std::string_view attempted, bool must_be_there) {
    const auto store = open("");
    ASSERT_OK(store);
    EXPECT_OK((*store)->check_integrity(context_));
    EXPECT_EQ(parts_of(**store, acknowledged), 3);
    const int parts = parts_of(**store, attempted);
    EXPECT_TRUE(parts == 3 || (parts == 0 && !must_be_there)) << parts;
  }

  void start_over() {
    for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(path_ + suffix);
  }

  entrepot::testing::TemporaryDirectory directory_{testing::fast_directory()};
  const std::string path_ = directory_ / "meta.db";
  entrepot::testing::FakeClock clock_;
  FaultyVfs disk_;
  Context context_;
};

struct PushFault {
  const char* name;
  FaultyVfs::How how;
  bool stays;
  ErrorCode code;        // what the push fails with
  bool heals_by_itself;  // without opening the store again
};

void PrintTo(const PushFault& fault, std::ostream* out) { *out << fault.name; }

class PushFaults : public StoreFaults, public ::testing::WithParamInterface<PushFault> {};

// The n-th write, sync or truncation fails, for every n until the push goes through.
TEST_P(PushFaults, PushIsWholeOrNotThere) {
  const PushFault fault = GetParam();
  bool went_through = false;
  for (int n = 1; !went_through; ++n) {
    ASSERT_LT(n, kMostOperations);
    SCOPED_TRACE(n);
    start_over();
    bool pushed = false;
    {
      auto store = open(disk_.name());
      ASSERT_OK(store);
      ASSERT_OK(push(**store, "before"));
      fault.stays ? disk_.fail_from(n, fault.how) : disk_.fail_once(n, fault.how);
      const auto result = push(**store, "during");
      pushed = result.has_value();
      went_through = !disk_.failed();
      if (!pushed) {
        EXPECT_EQ(result.error().code, fault.code) << result.error().message;
      }
      EXPECT_EQ(pushed, went_through);
      EXPECT_EQ(parts_of(**store, "before"), 3);  // reads go on
      EXPECT_EQ(parts_of(**store, "during"), pushed ? 3 : 0);

      disk_.heal();
      const auto later = push(**store, "after");
      EXPECT_EQ(later.has_value(), pushed || fault.heals_by_itself);
      if (!later) {
        EXPECT_EQ(later.error().code, ErrorCode::Unavailable);
      }
      EXPECT_EQ((*store)->check_writable(context_).has_value(), later.has_value());
    }
    expect_whole("before", "during", pushed);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Each, PushFaults,
    ::testing::Values(
        PushFault{"DiskFullOnce", FaultyVfs::How::DiskFull, false, ErrorCode::StorageFull, true},
        PushFault{"DiskFull", FaultyVfs::How::DiskFull, true, ErrorCode::StorageFull, true},
        PushFault{"QuotaFull", FaultyVfs::How::QuotaFull, true, ErrorCode::StorageFull, true},
        PushFault{"ReadOnlyFs", FaultyVfs::How::ReadOnlyFs, true, ErrorCode::Unavailable, true},
        PushFault{"BadDiskOnce", FaultyVfs::How::BadDisk, false, ErrorCode::Unavailable, false},
        PushFault{"BadDisk", FaultyVfs::How::BadDisk, true, ErrorCode::Unavailable, false}),
    [](const auto& fault) { return fault.param.name; });

// A first start that breaks off leaves nothing that the next one trips over.
TEST_F(StoreFaults, FirstStartCanFailAnywhere) {
  for (int n = 1;; ++n) {
    ASSERT_LT(n, kMostOperations);
    SCOPED_TRACE(n);
    start_over();
    disk_.fail_from(n, FaultyVfs::How::BadDisk);
    const bool opened = open(disk_.name()).has_value();
    const bool failed = disk_.failed();
    disk_.heal();
    const auto again = open("");
    ASSERT_OK(again);
    ASSERT_OK(push(**again, "after"));
    EXPECT_OK((*again)->check_integrity(context_));
    if (opened && !failed) return;
  }
}

// Closing moves the log into the file; when that fails, the log is what the next start reads.
TEST_F(StoreFaults, CloseCanFailAnywhere) {
  for (int n = 1;; ++n) {
    ASSERT_LT(n, kMostOperations);
    SCOPED_TRACE(n);
    start_over();
    {
      auto store = open(disk_.name());
      ASSERT_OK(store);
      ASSERT_OK(push(**store, "one"));
      ASSERT_OK(push(**store, "two"));
      disk_.fail_from(n, FaultyVfs::How::BadDisk);
    }
    const bool failed = disk_.failed();
    disk_.heal();
    expect_whole("one", "two", true);
    if (!failed) return;
  }
}

// A disk without room for the checkpoint: writes go on in the log.
TEST_F(StoreFaults, AcknowledgedPushesSurviveAFailingCheckpoint) {
  for (const FaultyVfs::How how : {FaultyVfs::How::DiskFull, FaultyVfs::How::BadDisk}) {
    SCOPED_TRACE(static_cast<int>(how));
    start_over();
    std::vector<std::string> acknowledged;
    {
      auto store = open(disk_.name());
      ASSERT_OK(store);
      // Large enough that the log outgrows a checkpoint's round several times; the failures hit
      // the checkpoint's writes as well as the pushes'.
      for (int i = 0; i < 200; ++i) {
        if (i % 7 == 3) disk_.fail_once(i % 50 + 1, how);
        const std::string what = fmt::format("{}-{:0100000}", i, i);
        const bool pushed =
            store->get()
                ->write(context_,
                        [&](Transaction& tx) { return tx.settings().set(what.substr(0, 8), what); })
                .has_value();
        if (pushed) acknowledged.push_back(what);
      }
      disk_.heal();
    }
    const auto store = open("");
    ASSERT_OK(store);
    EXPECT_OK((*store)->check_integrity(context_));
    EXPECT_GT(acknowledged.size(), 2u);
    for (const std::string& what : acknowledged) {
      const auto found = (*store)->view<std::string>(
          context_, [&](const Snapshot& s) { return s.settings().get(what.substr(0, 8)); });
      ASSERT_OK(found);
      EXPECT_TRUE(*found == what);
    }
  }
}

// A work too large for the disk fails; the small ones in the same batch do not fail with it.
TEST_F(StoreFaults, FullDiskFailsNoMoreWorksThanItMust) {
  auto opened = open(disk_.name());
  ASSERT_OK(opened);
  SqliteStore& store = **opened;
  constexpr int kThreads = 8;
  // Each failure hits one COMMIT; whatever that batch held is tried again one by one.
  std::atomic<int> failures = 0;
  on_threads(kThreads, [&](int thread) {
    Context own;
    for (int i = 0; i < 50; ++i) {
      if (thread == 0 && i % 10 == 0) disk_.fail_once(1, FaultyVfs::How::DiskFull);
      const std::string key = fmt::format("{}-{}", thread, i);
      const auto written =
          store.write(own, [&](Transaction& tx) { return tx.settings().set(key, "x"); });
      if (!written) {
        ++failures;
        EXPECT_EQ(written.error().code, ErrorCode::StorageFull);
      }
      const auto seen =
          store.view<std::string>(own, [&](const Snapshot& s) { return s.settings().get(key); });
      EXPECT_EQ(seen.has_value(), written.has_value());
    }
  });
  EXPECT_LE(failures, 5);
}

// Every acknowledged write was synced; a group of them by one sync.
TEST_F(StoreFaults, CommitSyncsOnce) {
  auto store = open(disk_.name());
  ASSERT_OK(store);
  ASSERT_OK(push(**store, "first"));
  const int before = disk_.syncs();
  ASSERT_OK(push(**store, "second"));
  EXPECT_EQ(disk_.syncs() - before, 1);
  EXPECT_EQ(parts_of(**store, "second"), 3);
  EXPECT_EQ(disk_.syncs() - before, 1);
}

}  // namespace
}  // namespace entrepot::meta::sqlite
