#include "meta/sqlite/internal/writer.h"

#include <atomic>
#include <future>

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"
#include "base/testing/temporary_directory.h"
#include "meta/sqlite/internal/migrate.h"
#include "meta/sqlite/testing/faulty_vfs.h"
#include "meta/sqlite/testing/temporary_store.h"
#include "meta/testing/on_threads.h"

namespace entrepot::meta::sqlite {
namespace {

class WriterTest : public ::testing::Test {
 protected:
  WriterTest()
      : writer_(
            open(), health_, [this](Database&) { ++batches_; }, batch_times_) {}

  std::unique_ptr<Database> open() {
    Database::Options options;
    options.path = directory_ / "meta.db";
    options.mode = Database::Mode::ReadWrite;
    options.vfs = disk_.name();
    auto database = Database::open(options).value();
    EXPECT_OK(migrate(*database, embedded_files(), from_unix_micros(0)));
    return database;
  }

  Result<void> set(Context& context, const std::string& key) {
    return writer_.submit(context, [&](Transaction& tx) { return tx.settings().set(key, "x"); });
  }

  bool is_set(const std::string& key) {
    Context context;
    return writer_
        .submit(context,
                [&](Transaction& tx) -> Result<void> {
                  TRY(tx.settings().get(key));
                  return {};
                })
        .has_value();
  }

  // Keeps the writer busy with a work that ends when `release` is set.
  std::future<void> occupy(std::future<void> release) {
    std::promise<void> began;
    auto busy = began.get_future();
    auto done = std::async(std::launch::async, [this, began = std::move(began),
                                                release = std::move(release)]() mutable {
      Context context;
      EXPECT_OK(writer_.submit(context, [&](Transaction& tx) {
        began.set_value();
        release.wait();
        return tx.settings().set("occupied", "x");
      }));
    });
    busy.wait();
    return done;
  }

  void wait_until_waiting(std::size_t works) {
    while (writer_.waiting() < works) std::this_thread::yield();
  }

  template <class Work>
  static std::future<void> on_threads_meanwhile(int count, Work work) {
    return std::async(std::launch::async,
                      [count, work] { meta::testing::on_threads(count, work); });
  }

  entrepot::testing::TemporaryDirectory directory_{testing::fast_directory()};
  testing::FaultyVfs disk_;
  Health health_;
  std::atomic<int> batches_ = 0;
  metrics::Histogram batch_times_;
  Writer writer_;
};

// What queues up while the writer is busy is committed by one sync.
TEST_F(WriterTest, WorksThatWaitAreCommittedTogether) {
  constexpr int kWorks = 20;
  std::promise<void> release;
  auto busy = occupy(release.get_future());
  auto waiting = on_threads_meanwhile(kWorks, [this](int i) {
    Context context;
    EXPECT_OK(set(context, std::to_string(i)));
  });
  wait_until_waiting(kWorks);
  const int syncs = disk_.syncs();
  release.set_value();
  busy.get();
  waiting.get();
  EXPECT_EQ(disk_.syncs() - syncs, 2);  // that of the busy one, and theirs
  for (int i = 0; i < kWorks; ++i) EXPECT_TRUE(is_set(std::to_string(i)));
}

// Many large works that came first do not hold up a small one for longer than one of them takes.
TEST_F(WriterTest, SmallWorksGoByLargeOnes) {
  constexpr int kLarge = 10;
  std::promise<void> release;
  auto busy = occupy(release.get_future());
  std::atomic<int> large_done = 0;
  auto large = on_threads_meanwhile(kLarge, [&](int i) {
    Context context;
    const auto run = [&](Transaction& tx) {
      ++large_done;
      return tx.settings().set("large " + std::to_string(i), "x");
    };
    EXPECT_OK(writer_.submit(context, {run, Weight::Large}));
  });
  wait_until_waiting(kLarge);
  std::atomic<int> done_before = -1;
  auto small = std::async(std::launch::async, [&] {
    Context context;
    EXPECT_OK(writer_.submit(context, [&](Transaction& tx) {
      done_before = large_done.load();
      return tx.settings().set("small", "x");
    }));
  });
  wait_until_waiting(kLarge + 1);
  const int batches = batches_;
  release.set_value();
  busy.get();
  small.get();
  large.get();
  EXPECT_LE(done_before, 1);
  EXPECT_GE(batches_ - batches, kLarge) << "one large work a batch";
}

// One of many in a batch fails after it has written: it alone leaves nothing.
TEST_F(WriterTest, FailingWorkLeavesTheOthersOfItsBatch) {
  constexpr int kWorks = 20;
  std::promise<void> release;
  auto busy = occupy(release.get_future());
  auto waiting = on_threads_meanwhile(kWorks, [this](int i) {
    Context context;
    const auto result = writer_.submit(context, [&](Transaction& tx) -> Result<void> {
      TRY(tx.settings().set(std::to_string(i), "x"));
      if (i == 7) return fail(ErrorCode::Denied, "on purpose");
      return {};
    });
    EXPECT_EQ(result.has_value(), i != 7);
  });
  wait_until_waiting(kWorks);
  release.set_value();
  busy.get();
  waiting.get();
  for (int i = 0; i < kWorks; ++i) EXPECT_EQ(is_set(std::to_string(i)), i != 7) << i;
}

TEST_F(WriterTest, WorkWhoseTurnComesTooLateNeverRuns) {
  std::promise<void> release;
  auto busy = occupy(release.get_future());
  Context late("late", std::chrono::steady_clock::now() + std::chrono::milliseconds(30));
  EXPECT_FAILS(Timeout, set(late, "late"));
  Context cancelled;
  auto waiting = std::async(std::launch::async, [&] { return set(cancelled, "cancelled"); });
  wait_until_waiting(1);
  cancelled.cancel();
  release.set_value();
  busy.get();
  EXPECT_FAILS(Cancelled, waiting.get());
  EXPECT_FALSE(is_set("late"));
  EXPECT_FALSE(is_set("cancelled"));
}

// A work that has begun is waited for: its caller's stack is in use.
TEST_F(WriterTest, WorkThatBeganIsFinishedPastItsDeadline) {
  Context context("slow", std::chrono::steady_clock::now() + std::chrono::milliseconds(20));
  EXPECT_OK(writer_.submit(context, [](Transaction& tx) {
    std::this_thread::sleep_for(std::chrono::milliseconds(60));
    return tx.settings().set("slow", "x");
  }));
  EXPECT_TRUE(is_set("slow"));
}

TEST_F(WriterTest, AnswersComeAfterTheCommit) {
  Context context;
  const int syncs = disk_.syncs();
  ASSERT_OK(set(context, "key"));
  EXPECT_GT(disk_.syncs(), syncs);
}

TEST_F(WriterTest, DamageStopsEveryLaterWrite) {
  Context context;
  ASSERT_OK(set(context, "before"));
  disk_.fail_once(1, testing::FaultyVfs::How::BadDisk);
  EXPECT_FAILS(Unavailable, set(context, "during"));
  const int operations = disk_.operations();
  EXPECT_FAILS(Unavailable, set(context, "after"));
  EXPECT_EQ(disk_.operations(), operations);
  EXPECT_FAILS(Unavailable, health_.check());
}

}  // namespace
}  // namespace entrepot::meta::sqlite
