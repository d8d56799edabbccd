#include "server/run/metadata_backups.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"
#include "base/testing/fake_clock.h"
#include "base/testing/temporary_directory.h"
#include "blob/testing/faulty_store.h"
#include "blob/testing/memory_store.h"
#include "meta/sqlite/store.h"

namespace entrepot::server {
namespace {

namespace fs = std::filesystem;
using std::chrono::hours;
using std::chrono::minutes;

std::unique_ptr<meta::sqlite::SqliteStore> open_metadata(const std::string& path,
                                                         const Clock& clock) {
  meta::sqlite::SqliteStore::Options options;
  options.path = path;
  options.backup.spare_bytes = 0;  // a container's memory disk is small
  return meta::sqlite::SqliteStore::open(options, clock).value();
}

class MetadataBackupsTest : public ::testing::Test {
 protected:
  MetadataBackupsTest() { restart(); }

  void restart() {
    backups_.emplace(options_, stores_, metrics_);
    run();
    clock_.advance(minutes(1));
  }
  void run() { backups_->run_if_due(context_); }

  std::vector<std::string> kept() const {
    std::vector<std::string> names;
    std::error_code error;
    for (const auto& entry : fs::directory_iterator(options_.directory, error)) {
      names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
  }
  std::int64_t last() {
    return metrics_.gauge("entrepot_backup_last_timestamp_seconds", "").value();
  }
  std::uint64_t failed() { return metrics_.counter("entrepot_backup_failed_total", "").value(); }

  Context context_;
  testing::FakeClock clock_;  // from 2026-01-01 on
  metrics::Registry metrics_;
  const testing::TemporaryDirectory directory_ = testing::TemporaryDirectory::in_memory();
  blob::testing::MemoryBlobStore memory_;
  blob::testing::FaultyBlobStore blobs_{memory_};
  const std::unique_ptr<meta::sqlite::SqliteStore> meta_ =
      open_metadata(directory_ / "meta.db", clock_);
  registry::HotCache cache_{{}, metrics_};
  registry::DigestLocks locks_;
  registry::Stores stores_{blobs_, *meta_, cache_, locks_, clock_};
  MetadataBackups::Options options_{directory_ / "backups", hours(24), 3};
  std::optional<MetadataBackups> backups_;
};

TEST(BackupName, TellsItsTimeAndNoOtherNameDoes) {
  const auto time = from_unix_micros(1'767'225'661'000'000);
  EXPECT_EQ(backup_name(time), "metadata-20260101T000101Z.sqlite");
  EXPECT_EQ(backup_time("metadata-20260101T000101Z.sqlite"), time);
  for (const char* name :
       {"", "meta.db", "metadata-20260101T000101Z.sqlite.part", "metadata-20260101T000101Z",
        "metadata-20269901T000101Z.sqlite", "metadata-2026010T000101Z.sqlite",
        "metadata--0260101T000101Z.sqlite", "xmetadata-20260101T000101Z.sqlite"}) {
    EXPECT_FALSE(backup_time(name)) << name;
  }
}

TEST_F(MetadataBackupsTest, OneEachIntervalAndTheNewestStay) {
  run();
  EXPECT_EQ(kept(), (std::vector<std::string>{"metadata-20260101T000100Z.sqlite"}));
  EXPECT_EQ(last(), 1'767'225'660);
  EXPECT_EQ(metrics_.gauge("entrepot_backup_size_bytes", "").value(),
            static_cast<std::int64_t>(fs::file_size(options_.directory + "/" + kept().at(0))));
  EXPECT_EQ(metrics_.gauge("entrepot_backup_running", "").value(), 0);
  EXPECT_NE(metrics_.to_text().find("entrepot_backup_seconds_count 1"), std::string::npos);
  for (int i = 0; i < 23; ++i) {
    clock_.advance(hours(1));
    run();
  }
  EXPECT_EQ(kept().size(), 1u);
  for (int day = 0; day < 5; ++day) {
    run();
    clock_.advance(hours(24));
  }
  EXPECT_EQ(kept(), (std::vector<std::string>{"metadata-20260103T230100Z.sqlite",
                                              "metadata-20260104T230100Z.sqlite",
                                              "metadata-20260105T230100Z.sqlite"}));
  EXPECT_EQ(failed(), 0u);
}

TEST_F(MetadataBackupsTest, WhoAsksGetsOneAtOnceWhichCountsForTheInterval) {
  run();
  clock_.advance(hours(23));
  const auto made = backups_->make_now(context_);
  ASSERT_OK(made);
  EXPECT_EQ(made->name, "metadata-20260101T230100Z.sqlite");
  EXPECT_EQ(made->contents.size_bytes, fs::file_size(options_.directory + "/" + made->name));
  clock_.advance(hours(2));
  run();
  EXPECT_EQ(kept().size(), 2u) << "the next is due a day after that";
  blobs_.fail_from(1, ErrorCode::StorageFull);
  EXPECT_FAILS(StorageFull, backups_->make_now(context_));
}

TEST_F(MetadataBackupsTest, HoldsWhatTheMetadataHeld) {
  ASSERT_OK(meta_->write(context_,
                         [](meta::Transaction& tx) { return tx.settings().set("test", "kept"); }));
  run();
  const auto copy = open_metadata(options_.directory + "/" + kept().at(0), clock_);
  const auto held = copy->view<std::string>(
      context_, [](const meta::Snapshot& snapshot) { return snapshot.settings().get("test"); });
  ASSERT_OK(held);
  EXPECT_EQ(*held, "kept");
}

TEST_F(MetadataBackupsTest, RestartGoesByTheNewestThatIsThere) {
  run();
  clock_.advance(hours(20));
  restart();
  EXPECT_EQ(last(), 1'767'225'660);
  run();
  EXPECT_EQ(kept().size(), 1u);
  clock_.advance(hours(4));
  run();
  EXPECT_EQ(kept().size(), 2u);
}

TEST_F(MetadataBackupsTest, ClockThatWentBackDoesNotStopThem) {
  run();
  options_.keep = 1;
  clock_.jump(hours(-24 * 365));
  restart();
  run();
  EXPECT_EQ(kept(), (std::vector<std::string>{"metadata-20250101T000200Z.sqlite"}));
}

TEST_F(MetadataBackupsTest, FailureIsCountedAndTriedAgain) {
  std::ofstream(options_.directory) << "a file where the directory belongs";
  run();
  run();
  EXPECT_EQ(failed(), 1u);
  EXPECT_EQ(last(), 0);
  fs::remove(options_.directory);
  clock_.advance(minutes(10));
  run();
  EXPECT_EQ(kept().size(), 1u);
  EXPECT_EQ(failed(), 1u);
}

TEST_F(MetadataBackupsTest, ReserveOfTheDiskIsLeftAlone) {
  blobs_.fail_from(1, ErrorCode::StorageFull);
  run();
  EXPECT_TRUE(kept().empty());
  blobs_.heal();
  run();
  EXPECT_EQ(kept().size(), 1u);
}

TEST_F(MetadataBackupsTest, LeftoversOfAKilledProcessGo) {
  fs::create_directory(options_.directory);
  std::ofstream(options_.directory + "/metadata-20251231T000000Z.sqlite.part") << "half";
  std::ofstream(options_.directory + "/mine.sqlite") << "not ours";
  run();
  EXPECT_EQ(kept(), (std::vector<std::string>{"metadata-20260101T000100Z.sqlite", "mine.sqlite"}));
}

TEST_F(MetadataBackupsTest, EndOfTheServerIsNoFailure) {
  context_.cancel();
  run();
  EXPECT_EQ(failed(), 0u);
  EXPECT_TRUE(kept().empty());
}

}  // namespace
}  // namespace entrepot::server
