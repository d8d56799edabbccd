#include "meta/testing/faulty_store.h"

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"

namespace entrepot::meta::testing {
namespace {

// Counts what reaches it.
class CountingStore final : public Store {
 public:
  Result<void> write(Context&, const Work&) override { return ++writes, Result<void>(); }
  Result<void> read(Context&, const Look&) override { return ++reads, Result<void>(); }
  void listen(Listener&) override {}
  Result<void> check_writable(Context&) override { return {}; }

  int writes = 0;
  int reads = 0;
};

class FaultyStoreTest : public ::testing::Test {
 protected:
  Result<void> write() {
    return faulty_.write(context_, [](Transaction&) -> Result<void> { return {}; });
  }
  Result<void> read() {
    return faulty_.read(context_, [](const Snapshot&) -> Result<void> { return {}; });
  }

  Context context_;
  CountingStore inner_;
  FaultyStore faulty_{inner_};
};

TEST_F(FaultyStoreTest, HandsEverythingOnUnlessTold) {
  for (int i = 0; i < 3; ++i) {
    EXPECT_OK(write());
    EXPECT_OK(read());
  }
  EXPECT_EQ(faulty_.backups(), nullptr);
  EXPECT_OK(faulty_.check_writable(context_));
  EXPECT_EQ(inner_.writes, 3);
  EXPECT_EQ(inner_.reads, 3);
  EXPECT_FALSE(faulty_.write_failed());
}

TEST_F(FaultyStoreTest, FailsTheNthWriteOnceWithoutWriting) {
  faulty_.fail_write(2, ErrorCode::StorageFull);
  EXPECT_OK(write());
  EXPECT_OK(read());
  EXPECT_FALSE(faulty_.write_failed());
  EXPECT_FAILS(StorageFull, write());
  EXPECT_TRUE(faulty_.write_failed());
  EXPECT_OK(write());
  EXPECT_EQ(inner_.writes, 2);
}

TEST_F(FaultyStoreTest, FailsTheNthRead) {
  faulty_.fail_read(1);
  EXPECT_OK(write());
  EXPECT_FAILS(Unavailable, read());
  EXPECT_TRUE(faulty_.read_failed());
  EXPECT_OK(read());
  EXPECT_EQ(inner_.reads, 1);
}

TEST_F(FaultyStoreTest, LostAnswerIsOfAWriteThatHappened) {
  faulty_.lose_answer_of_write(1);
  EXPECT_FAILS(Unavailable, write());
  EXPECT_TRUE(faulty_.write_failed());
  EXPECT_EQ(inner_.writes, 1);
}

}  // namespace
}  // namespace entrepot::meta::testing
