#include "server/run/full_disk_store.h"

#include "base/testing/assert_ok.h"
#include "base/testing/temporary_directory.h"
#include "meta/sqlite/store.h"
#include "meta/testing/faulty_store.h"

namespace entrepot::server {
namespace {

class FullDiskStoreTest : public ::testing::Test {
 protected:
  FullDiskStoreTest() {
    meta::sqlite::SqliteStore::Options options;
    options.path = temporary_ / "meta.db";
    inner_ = meta::sqlite::SqliteStore::open(options, Clock::system()).value();
    faulty_ = std::make_unique<meta::testing::FaultyStore>(*inner_);
    store_ = std::make_unique<FullDiskStore>(*faulty_, [this] { ++room_made_; });
  }
  Result<void> set(std::string_view value) {
    return store_->write(context_,
                         [&](meta::Transaction& tx) { return tx.settings().set("key", value); });
  }
  std::string get() {
    return store_
        ->view<std::string>(
            context_, [](const meta::Snapshot& snapshot) { return snapshot.settings().get("key"); })
        .value_or("");
  }

  Context context_;
  const testing::TemporaryDirectory temporary_;
  std::unique_ptr<meta::sqlite::SqliteStore> inner_;
  std::unique_ptr<meta::testing::FaultyStore> faulty_;
  std::unique_ptr<FullDiskStore> store_;
  int room_made_ = 0;
};

TEST_F(FullDiskStoreTest, AFullDiskIsAskedForRoomOnce) {
  faulty_->fail_write(1, ErrorCode::StorageFull);
  ASSERT_OK(set("a"));
  EXPECT_EQ(get(), "a");
  EXPECT_EQ(room_made_, 1);
}

TEST_F(FullDiskStoreTest, OtherErrorsPass) {
  faulty_->fail_write(1, ErrorCode::Unavailable);
  EXPECT_FAILS(Unavailable, set("a"));
  EXPECT_EQ(room_made_, 0);
  EXPECT_OK(store_->check_writable(context_));
}

}  // namespace
}  // namespace entrepot::server
