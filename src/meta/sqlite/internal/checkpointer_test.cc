#include "meta/sqlite/internal/checkpointer.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "base/testing/temporary_directory.h"
#include "meta/sqlite/store.h"
#include "meta/sqlite/testing/temporary_store.h"
#include "meta/testing/store_conformance.h"

namespace entrepot::meta::sqlite {
namespace {

constexpr std::size_t kLongestLogBytes = std::size_t{2} * Checkpointer::kPagesTooMany * 4096;

class CheckpointerTest : public ::testing::Test {
 protected:
  std::unique_ptr<SqliteStore> open() {
    return SqliteStore::open({.path = path_, .readers = 2, .as_it_is = false, .vfs = ""},
                             Clock::system())
        .value();
  }
  // 40 settings of 100 kB each, over and over.
  void write(Store& store, int times) {
    const std::string value(100'000, 'x');
    for (int i = 0; i < times; ++i) {
      ASSERT_OK(store.write(context_, [&](Transaction& tx) {
        return tx.settings().set(fmt::format("key {}", i % 40), value);
      }));
    }
  }
  std::size_t log_bytes() const { return std::filesystem::file_size(path_ + "-wal"); }

  entrepot::testing::TemporaryDirectory directory_{testing::fast_directory()};
  const std::string path_ = directory_ / "meta.db";
  Context context_;
};

// 60 MB go through a log that starts over again and again.
TEST_F(CheckpointerTest, LogStaysShortUnderSteadyWrites) {
  const auto store = open();
  write(*store, 600);
  EXPECT_LT(log_bytes(), kLongestLogBytes);
}

// A reader that stays (a backup) keeps the log, but holds up no write; afterwards the log shrinks.
TEST_F(CheckpointerTest, LongReadDelaysButDoesNotBlock) {
  const auto store = open();
  write(*store, 10);
  ASSERT_OK(store->read(context_, [&](const Snapshot& snapshot) -> Result<void> {
    EXPECT_OK(snapshot.settings().get("key 1"));
    write(*store, 300);
    EXPECT_EQ(snapshot.settings().get("key 20").error().code, ErrorCode::NotFound);
    return {};
  }));
  write(*store, 600);
  EXPECT_LT(log_bytes(), 64u << 20);
}

TEST_F(CheckpointerTest, ClosedStoreIsOneFile) {
  {
    const auto store = open();
    write(*store, 10);
    ASSERT_OK(store->check_integrity(context_));  // a connection that reads is open, too
    EXPECT_TRUE(std::filesystem::exists(path_ + "-wal"));
  }
  EXPECT_FALSE(std::filesystem::exists(path_ + "-wal"));
  EXPECT_FALSE(std::filesystem::exists(path_ + "-shm"));
}

}  // namespace
}  // namespace entrepot::meta::sqlite
