#include "blob/fs/internal/long_reads.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"

namespace entrepot::blob::fs {
namespace {

constexpr std::uint64_t kLong = LongReads::kShortBytes + 1;

TEST(LongReads, FewReadFewWaitAndTheRestIsSentAway) {
  LongReads reads;
  Context context;
  std::vector<LongReads::Turn> turns;
  for (int i = 0; i < LongReads::kMostReading; ++i) {
    turns.push_back(reads.begin(context, kLong).value());
  }
  std::atomic<int> read = 0;
  std::atomic<int> sent_away = 0;
  std::vector<std::thread> threads;
  for (int i = 0; i < LongReads::kMostWaiting + 3; ++i) {
    threads.emplace_back([&] {
      Context own;
      const auto turn = reads.begin(own, kLong);
      ++(turn ? read : sent_away);
      if (!turn) {
        EXPECT_EQ(turn.error().code, ErrorCode::Unavailable);
      }
    });
  }
  while (sent_away < 3) std::this_thread::yield();
  EXPECT_EQ(read, 0);
  EXPECT_OK(reads.begin(context, LongReads::kShortBytes)) << "a short one needs no turn";
  turns.clear();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(read, LongReads::kMostWaiting);
  EXPECT_EQ(sent_away, 3);
}

TEST(LongReads, WhoLeavesWaitsNoLonger) {
  LongReads reads;
  Context context;
  std::vector<LongReads::Turn> turns;
  for (int i = 0; i < LongReads::kMostReading; ++i) {
    turns.push_back(reads.begin(context, kLong).value());
  }
  Context leaves;
  std::thread waiting([&] { EXPECT_FAILS(Cancelled, reads.begin(leaves, kLong)); });
  leaves.cancel();
  waiting.join();
}

}  // namespace
}  // namespace entrepot::blob::fs
