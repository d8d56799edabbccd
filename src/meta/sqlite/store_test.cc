#include "meta/sqlite/store.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <thread>

#include <sqlite3.h>

#include "base/testing/fake_clock.h"
#include "base/testing/temporary_directory.h"
#include "meta/sqlite/testing/temporary_store.h"
#include "meta/testing/on_threads.h"
#include "meta/testing/rerunning_store.h"
#include "meta/testing/store_conformance.h"

namespace entrepot::meta {

namespace testing {
INSTANTIATE_TEST_SUITE_P(Sqlite, StoreConformance,
                         every_promise({&sqlite::testing::open_temporary}));

// The suite must hold for a store that undoes a work and runs it again, too: else it would be no
// measure for one whose transactions run beside each other.
class Rerun final : public StoreUnderTest {
 public:
  Store& store() override { return *twice_; }
  void reopen() override {
    twice_.reset();
    once_.reopen();
    twice_.emplace(once_.store());
  }
  void pass(std::chrono::milliseconds time) override { once_.pass(time); }

 private:
  sqlite::testing::TemporaryStore once_;
  std::optional<RerunningStore> twice_{once_.store()};
};
INSTANTIATE_TEST_SUITE_P(SqliteRerun, StoreConformance,
                         every_promise({[] { return std::make_unique<Rerun>(); }}));
}  // namespace testing

namespace sqlite {
namespace {

class SqliteStoreTest : public ::testing::Test {
 protected:
  Result<std::unique_ptr<SqliteStore>> open() { return open(path_); }
  Result<std::unique_ptr<SqliteStore>> open(const std::string& path, bool as_it_is = false) {
    return SqliteStore::open({.path = path, .readers = 4, .as_it_is = as_it_is, .vfs = ""}, clock_);
  }
  Result<void> set(Store& store, const std::string& key, const std::string& value = "x") {
    Context context;
    return store.write(context, [&](Transaction& tx) { return tx.settings().set(key, value); });
  }
  bool is_set(Store& store, const std::string& key) {
    Context context;
    return store
        .view<std::string>(context, [&](const Snapshot& s) { return s.settings().get(key); })
        .has_value();
  }

  entrepot::testing::TemporaryDirectory directory_;
  const std::string path_ = directory_ / "meta.db";
  entrepot::testing::FakeClock clock_;
  Context context_;
};

// A process that dies between the answer and anything else has lost nothing.
TEST_F(SqliteStoreTest, AcknowledgedWriteSurvivesKill) {
  for (int round = 0; round < 5; ++round) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto store = open();
      for (unsigned char i = 0; store; ++i) {
        if (!set(**store, fmt::format("{}-{}", round, i))) break;
        if (::write(pipe[1], &i, 1) != 1) break;
      }
      ::_exit(1);
    }
    ::close(pipe[1]);
    unsigned char last = 0;
    for (int i = 0; i < 10 + round; ++i) ASSERT_EQ(::read(pipe[0], &last, 1), 1);
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    while (::read(pipe[0], &last, 1) == 1) {
    }
    ::close(pipe[0]);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status));

    const auto store = open();
    ASSERT_OK(store);
    EXPECT_OK((*store)->check_integrity(context_));
    for (int i = 0; i <= last; ++i) {
      EXPECT_TRUE(is_set(**store, fmt::format("{}-{}", round, i))) << i;
    }
  }
}

// What is written into a file without a name is lost with it: nothing is acknowledged then.
TEST_F(SqliteStoreTest, NothingIsWrittenWhileTheFileIsGone) {
  const auto store = open();
  ASSERT_OK(store);
  ASSERT_OK(set(**store, "before"));
  EXPECT_OK((*store)->require_present());
  std::filesystem::rename(path_, path_ + ".away");
  EXPECT_FAILS(Unavailable, set(**store, "away"));
  EXPECT_FAILS(Unavailable, (*store)->require_present());
  std::ofstream(path_) << "another file";
  EXPECT_FAILS(Unavailable, set(**store, "away"));
  EXPECT_FAILS(Unavailable, (*store)->require_present());
  std::filesystem::rename(path_ + ".away", path_);
  EXPECT_OK(set(**store, "back"));
  EXPECT_OK((*store)->require_present());
  EXPECT_TRUE(is_set(**store, "before"));
  EXPECT_FALSE(is_set(**store, "away"));
}

// The command line asks a running server for work through the same file.
TEST_F(SqliteStoreTest, TwoStoresOnOneFileSeeEachOther) {
  const auto server = open();
  const auto command = open(path_, /*as_it_is=*/true);
  ASSERT_OK(server);
  ASSERT_OK(command);
  std::atomic<bool> stop = false;
  std::thread load([&] {
    for (int i = 0; !stop; ++i) ASSERT_OK(set(**server, fmt::format("load {}", i)));
  });
  for (int i = 0; i < 20; ++i) {
    const auto job = (*command)->transact<Job>(context_, [&](Transaction& tx) {
      return tx.jobs().enqueue("collect", "{}", clock_.wall());
    });
    ASSERT_OK(job);
    const auto claimed = (*server)->transact<Job>(
        context_, [&](Transaction& tx) { return tx.jobs().claim("collect", "server"); });
    ASSERT_OK(claimed);
    EXPECT_EQ(claimed->id, job->id);
    EXPECT_EQ((*command)
                  ->view<Job>(context_, [&](const Snapshot& s) { return s.jobs().find(job->id); })
                  ->state,
              "running");
    ASSERT_OK((*server)->write(context_, [&](Transaction& tx) {
      return tx.jobs().finish(job->id, "server", JobEnd::Done, "", clock_.wall());
    }));
  }
  stop = true;
  load.join();
}

TEST_F(SqliteStoreTest, SecondProcessNeverMakesTheFile) {
  EXPECT_FAILS(NotFound, open(path_, /*as_it_is=*/true));
  EXPECT_FALSE(std::filesystem::exists(path_));
}

// More than the writer's cache holds, in one transaction.
TEST_F(SqliteStoreTest, LargestManifestsCanBePushedTogether) {
  const auto store = open();
  ASSERT_OK(store);
  constexpr int kManifests = 8;
  const auto bytes_of = [](int i) { return Bytes(oci::kMaxManifestBytes, static_cast<char>(i)); };
  meta::testing::on_threads(kManifests, [&](int i) {
    Context own;
    NewManifest manifest = meta::testing::new_manifest({}, bytes_of(i));
    EXPECT_OK((*store)->write(own, [&](Transaction& tx) -> Result<void> {
      TRY_ASSIGN(const Repository repository,
                 tx.repositories().find_or_create(meta::testing::name("app"), {}));
      manifest.repository = repository.id;
      TRY(tx.manifests().put(manifest));
      return {};
    }));
  });
  for (int i = 0; i < kManifests; ++i) {
    const auto found = (*store)->view<StoredManifest>(context_, [&](const Snapshot& s) {
      return s.manifests().find(meta::testing::name("app"), Digest::of(bytes_of(i)));
    });
    ASSERT_OK(found);
    EXPECT_TRUE(found->bytes == bytes_of(i));
  }
}

TEST_F(SqliteStoreTest, BackupIsAStoreOfItsOwn) {
  const auto store = open();
  ASSERT_OK(store);
  ASSERT_OK(set(**store, "before"));
  const std::string copy_path = directory_ / "copy.db";
  ASSERT_OK((*store)->write(context_, [&](Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const Repository repository,
               tx.repositories().find_or_create(meta::testing::name("app"), {}));
    NewManifest manifest = meta::testing::new_manifest(repository.id, Bytes("{}"));
    TRY(tx.manifests().put(manifest));
    TRY(tx.tags().move(repository.id, *Tag::parse("latest"), manifest.digest, {}));
    return tx.blobs().record({manifest.digest, 2}, std::nullopt, {});
  }));
  const auto held = (*store)->backup(context_, copy_path);
  ASSERT_OK(held);
  EXPECT_EQ(held->size_bytes, std::filesystem::file_size(copy_path));
  EXPECT_EQ(std::tuple(held->repositories, held->manifests, held->tags, held->blobs),
            std::tuple(1u, 1u, 1u, 1u));
  ASSERT_OK(set(**store, "after"));

  EXPECT_FALSE(std::filesystem::exists(copy_path + "-wal"));
  const auto copy = open(copy_path);
  ASSERT_OK(copy);
  EXPECT_OK((*copy)->check_integrity(context_));
  EXPECT_TRUE(is_set(**copy, "before"));
  EXPECT_FALSE(is_set(**copy, "after"));
}

// Writers go on meanwhile; each backup is one moment: all keys up to one, none after it.
TEST_F(SqliteStoreTest, BackupIsOneMomentWhileOthersWrite) {
  const auto store = open();
  ASSERT_OK(store);
  const std::string ballast(200'000, 'x');
  for (int i = 0; i < 30; ++i) ASSERT_OK(set(**store, fmt::format("ballast {}", i), ballast));
  std::atomic<bool> stop = false;
  std::atomic<int> written = 0;
  std::thread load([&] {
    while (!stop) {
      ASSERT_OK(set(**store, std::to_string(written)));
      ++written;
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  });
  const std::string copy_path = directory_ / "copy.db";
  for (int round = 0; round < 3; ++round) {
    const int before = written;
    ASSERT_OK((*store)->backup(context_, copy_path));
    const auto copy = open(copy_path);
    ASSERT_OK(copy);
    EXPECT_OK((*copy)->check_integrity(context_));
    int there = 0;
    while (is_set(**copy, std::to_string(there))) ++there;
    EXPECT_GE(there, before);
    EXPECT_FALSE(is_set(**copy, std::to_string(there + 1)));
  }
  stop = true;
  load.join();
}

// A copy of many pieces ends although somebody commits between any two of them.
TEST_F(SqliteStoreTest, BackupEndsBesideAWriterThatNeverPauses) {
  const auto store = open();
  ASSERT_OK(store);
  const std::string ballast(1 << 20, 'x');
  for (int i = 0; i < 32; ++i) ASSERT_OK(set(**store, fmt::format("ballast {}", i), ballast));
  std::atomic<bool> stop = false;
  std::atomic<int> written = 0;
  std::thread load([&] {
    while (!stop) ASSERT_OK(set(**store, std::to_string(written++ % 100)));
  });
  Context context("backup", std::chrono::steady_clock::now() + std::chrono::seconds(20));
  const int before = written;
  EXPECT_OK((*store)->backup(context, directory_ / "copy.db"));
  EXPECT_GT(written, before) << "the writer did not stand still";
  stop = true;
  load.join();
}

TEST_F(SqliteStoreTest, BackupAsksForRoomAndHasALimitOfTime) {
  const std::string copy_path = directory_ / "copy.db";
  BackupLimits no_room;
  no_room.spare_bytes = std::uint64_t{1} << 50;
  BackupLimits no_time;
  no_time.patience = std::chrono::seconds(0);
  no_time.slowest_bytes_per_second = std::uint64_t{1} << 50;
  for (const auto& [limits, code] :
       {std::pair(no_room, ErrorCode::StorageFull), std::pair(no_time, ErrorCode::Timeout)}) {
    const auto store = SqliteStore::open({.path = path_, .vfs = "", .backup = limits}, clock_);
    ASSERT_OK(store);
    const auto copied = (*store)->backup(context_, copy_path);
    ASSERT_FALSE(copied);
    EXPECT_EQ(copied.error().code, code) << copied.error().message;
    EXPECT_FALSE(std::filesystem::exists(copy_path));
    EXPECT_FALSE(std::filesystem::exists(copy_path + ".part"));
  }
}

TEST_F(SqliteStoreTest, BackupThatFailsLeavesTheOldOne) {
  const auto store = open();
  ASSERT_OK(store);
  const std::string copy_path = directory_ / "copy.db";
  ASSERT_OK(set(**store, "first"));
  ASSERT_OK((*store)->backup(context_, copy_path));
  ASSERT_OK(set(**store, "second"));
  EXPECT_FAILS(NotFound, (*store)->backup(context_, directory_ / "no/folder/copy.db"));
  Context cancelled;
  cancelled.cancel();
  EXPECT_FAILS(Cancelled, (*store)->backup(cancelled, copy_path));

  const auto copy = open(copy_path);
  ASSERT_OK(copy);
  EXPECT_TRUE(is_set(**copy, "first"));
  EXPECT_FALSE(is_set(**copy, "second"));
}

// Damage goes along when pages are copied; it is found when the copy is read again.
TEST_F(SqliteStoreTest, BackupOfADamagedStoreIsNone) {
  ASSERT_OK(set(*open().value(), "ballast", std::string(1 << 20, 'x')));
  {
    std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(512 * 1024);
    file << std::string(4096, '\0');
  }
  const auto store = open();
  ASSERT_OK(store);
  const std::string copy_path = directory_ / "odd #?% name.db";
  const auto copied = (*store)->backup(context_, copy_path);
  ASSERT_FAILS(Unavailable, copied);
  EXPECT_NE(copied.error().message.find("not whole"), std::string::npos) << copied.error().message;
  EXPECT_FALSE(std::filesystem::exists(copy_path));
  EXPECT_FALSE(std::filesystem::exists(copy_path + ".part"));
}

TEST_F(SqliteStoreTest, LookSaysWhatOpenWouldAndMakesNothing) {
  EXPECT_FAILS(NotFound, SqliteStore::look(path_));
  ASSERT_OK(set(*open().value(), "key"));
  EXPECT_OK(SqliteStore::look(path_));
  {
    sqlite3* handle = nullptr;
    ASSERT_EQ(sqlite3_open(path_.c_str(), &handle), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(handle, "INSERT INTO schema_migrations VALUES (9999, 'new', 0)", nullptr,
                           nullptr, nullptr),
              SQLITE_OK);
    sqlite3_close(handle);
  }
  EXPECT_FAILS(Unsupported, SqliteStore::look(path_));
  EXPECT_FAILS(Unsupported, open());
  EXPECT_FALSE(std::filesystem::exists(path_ + "-wal"));
  EXPECT_FALSE(std::filesystem::exists(path_ + "-shm"));
}

TEST_F(SqliteStoreTest, OtherBytesAreCorruptAndKept) {
  const std::string bytes(10'000, 'x');
  std::ofstream(path_) << bytes;
  const auto store = open();
  ASSERT_FAILS(Corrupt, store);
  EXPECT_NE(store.error().message.find(path_), std::string::npos);
  std::ifstream file(path_);
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(file), {}), bytes);
}

TEST_F(SqliteStoreTest, TruncatedFileIsCorrupt) {
  {
    const auto store = open();
    ASSERT_OK(store);
    for (int i = 0; i < 100; ++i) ASSERT_OK(set(**store, fmt::format("{:0500}", i)));
  }
  std::filesystem::resize_file(path_, 8192);
  EXPECT_FAILS(Corrupt, open());
}

// Damage that opening does not meet is found by the check, and a read that meets it fails.
// Whoever reads finds it, and from then on nothing is written, and the server is not ready.
TEST_F(SqliteStoreTest, FileThatIsCutUnderAReaderIsWrittenNoMore) {
  {
    auto store = open().value();
    for (int i = 0; i < 100; ++i)
      ASSERT_OK(set(*store, fmt::format("{:03}", i), std::string(4000, 'x')));
  }
  auto store = open().value();
  ASSERT_OK(store->check_writable(context_));
  std::filesystem::resize_file(path_, std::filesystem::file_size(path_) / 2);
  const auto all = store->view<std::size_t>(context_, [](const Snapshot& s) -> Result<std::size_t> {
    TRY_ASSIGN(const auto entries, s.settings().list("", "", 1000));
    return entries.size();
  });
  EXPECT_FAILS(Unavailable, all);
  EXPECT_FAILS(Unavailable, store->check_writable(context_));
  EXPECT_FAILS(Unavailable, set(*store, "more"));
}

TEST_F(SqliteStoreTest, FlippedPageIsFoundByTheCheck) {
  {
    const auto store = open();
    ASSERT_OK(store);
    for (int i = 0; i < 300; ++i) ASSERT_OK(set(**store, fmt::format("{:0500}", i)));
  }
  const auto size = std::filesystem::file_size(path_);
  std::fstream file(path_, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(static_cast<std::streamoff>(size / 4096 / 2 * 4096));
  file << std::string(4096, '\x5a');
  file.close();
  const auto store = open();
  ASSERT_OK(store);
  EXPECT_FAILS(Corrupt, (*store)->check_integrity(context_));
  int failed = 0;
  for (int i = 0; i < 300; ++i) {
    const auto value = (*store)->view<std::string>(
        context_, [&](const Snapshot& s) { return s.settings().get(fmt::format("{:0500}", i)); });
    if (value) continue;
    EXPECT_EQ(value.error().code, ErrorCode::Unavailable);
    ++failed;
  }
  EXPECT_GT(failed, 0);
}

// The log that a crash leaves is not written on: its end may not be on the disk.
TEST_F(SqliteStoreTest, OpeningEmptiesTheLog) {
  const std::string crashed = directory_ / "crashed.db";
  {
    const auto store = open();
    ASSERT_OK(store);
    ASSERT_OK(set(**store, "key"));
    for (const char* suffix : {"", "-wal"}) {
      std::filesystem::copy_file(path_ + suffix, crashed + suffix);
    }
  }
  ASSERT_GT(std::filesystem::file_size(crashed + "-wal"), 0);
  const auto store = open(crashed);
  ASSERT_OK(store);
  EXPECT_EQ(std::filesystem::file_size(crashed + "-wal"), 0);
  EXPECT_TRUE(is_set(**store, "key"));
}

TEST_F(SqliteStoreTest, NewerSchemaIsRefusedByName) {
  {
    const auto store = open();
    ASSERT_OK(store);
  }
  sqlite3* raw = nullptr;
  ASSERT_EQ(sqlite3_open(path_.c_str(), &raw), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(raw, "INSERT INTO schema_migrations VALUES (999, 'future', 0)", nullptr,
                         nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(raw);
  const auto store = open();
  ASSERT_FAILS(Unsupported, store);
  EXPECT_NE(store.error().message.find("999"), std::string::npos);
  EXPECT_NE(store.error().message.find(path_), std::string::npos);
}

}  // namespace
}  // namespace sqlite
}  // namespace entrepot::meta
