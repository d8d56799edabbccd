#include "http/memory.h"

#include <atomic>
#include <thread>
#include <vector>

#include "base/testing/assert_ok.h"
#include "base/testing/fake_clock.h"

namespace entrepot::http {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr std::size_t kLimit = 1000;
constexpr std::size_t kHalf = kLimit / 2;

class MemoryAccountTest : public ::testing::Test {
 protected:
  MemoryAccount::Share body(int& asked) {
    return account.open([&asked] { ++asked; });
  }
  MemoryAccount::Share answer(const SharedBytes& bytes, int& asked) {
    return account.hold(bytes, [&asked] { ++asked; });
  }
  static SharedBytes make(std::size_t size) {
    return std::make_shared<const std::string>(size, 'x');
  }

  testing::FakeClock clock;
  metrics::Registry metrics;
  MemoryAccount account{kLimit, metrics, clock};
  int first_asked = 0;
  int second_asked = 0;
  int third_asked = 0;
};

TEST_F(MemoryAccountTest, WhatIsTakenIsGivenBackOnce) {
  {
    auto share = body(first_asked);
    EXPECT_TRUE(share.grow_to(100));
    EXPECT_TRUE(share.grow_to(50)) << "it has that already";
    const auto moved = std::move(share);
    EXPECT_FALSE(share);
    EXPECT_TRUE(moved);
    EXPECT_EQ(account.used_bytes(), 100U);
  }
  EXPECT_EQ(account.used_bytes(), 0U);
}

// Else those who hold could keep those who would end it waiting for ever.
TEST_F(MemoryAccountTest, ClientsHoldHalfAndWorkAlwaysComesToItsTurn) {
  auto share = body(first_asked);
  EXPECT_TRUE(share.grow_to(kHalf));
  EXPECT_FALSE(share.grow_to(kHalf + 1));
  auto work = account.try_work(100 * kLimit);
  EXPECT_TRUE(work) << "counts as half of the account";
  EXPECT_FALSE(account.try_work(1));
  work.give_back();
  EXPECT_TRUE(account.try_work(1));
}

// Each entry that is looked at asks the clock.
class CountingClock final : public Clock {
 public:
  WallTime wall() const override { return clock_.wall(); }
  SteadyTime steady() const override {
    ++asked;
    return clock_.steady();
  }
  mutable std::atomic<std::size_t> asked = 0;

 private:
  testing::FakeClock clock_;
};

// Each of them wants the same, one after the other, and nothing changes meanwhile.
TEST(MemoryAccount, AThousandWhoWaitAreNotAThousandLooksAtAThousand) {
  constexpr std::size_t kWaiting = 1000;
  CountingClock clock;
  metrics::Registry metrics;
  MemoryAccount account(kLimit, metrics, clock);
  auto holder = account.open([] {});
  ASSERT_TRUE(holder.grow_to(kHalf));
  std::vector<MemoryAccount::Share> waiting;
  for (std::size_t i = 0; i < kWaiting; ++i) waiting.push_back(account.open([] {}));
  clock.asked = 0;
  for (auto& share : waiting) EXPECT_FALSE(share.grow_to(10));
  EXPECT_LT(clock.asked, 10 * kWaiting);
}

TEST_F(MemoryAccountTest, TheSlowestBodyGivesWay) {
  auto slow = body(first_asked);
  auto fast = body(second_asked);
  ASSERT_TRUE(slow.grow_to(kHalf / 2) && fast.grow_to(kHalf / 2));
  auto third = body(third_asked);
  EXPECT_FALSE(third.grow_to(10));
  EXPECT_EQ(first_asked + second_asked, 0) << "nobody could show yet how fast it is";
  clock.advance(seconds(2));
  slow.moved(1);
  fast.moved(1000);
  EXPECT_FALSE(third.grow_to(10));
  EXPECT_FALSE(third.grow_to(10));
  EXPECT_EQ(first_asked, 1) << "once";
  EXPECT_EQ(second_asked, 0);
  slow.give_back();
  EXPECT_TRUE(third.grow_to(10));
}

TEST_F(MemoryAccountTest, WhoseWorkIsUnderWayStays) {
  auto complete = body(first_asked);
  ASSERT_TRUE(complete.grow_to(kHalf));
  complete.stays();
  clock.advance(seconds(2));
  auto other = body(second_asked);
  EXPECT_FALSE(other.grow_to(10));
  EXPECT_EQ(first_asked, 0);
}

TEST_F(MemoryAccountTest, ABodyThatAnswersShareCountsOnce) {
  const SharedBytes bytes = make(100);
  SharedBytes theirs = bytes;  // each answer has a reference of its own
  const auto one = answer(bytes, first_asked);
  const auto two = answer(theirs, second_asked);
  EXPECT_EQ(account.used_bytes(), 100U);
}

TEST_F(MemoryAccountTest, ABodyThatACacheHoldsDoesNotCountUntilTheCacheDropsIt) {
  const SharedBytes bytes = make(2 * kLimit);
  SharedBytes cached = bytes;
  const auto one = answer(bytes, first_asked);
  EXPECT_EQ(account.used_bytes(), 0U);
  cached.reset();
  clock.advance(seconds(2));
  auto other = body(second_asked);
  EXPECT_FALSE(other.grow_to(kHalf + 1));
  EXPECT_EQ(first_asked, 1);
}

// Closing one of its readers would free nothing.
TEST_F(MemoryAccountTest, ASharedBodyIsAsFastAsItsFastestReaderAndAllLeaveTogether) {
  const SharedBytes shared = make(kHalf / 2);
  const SharedBytes shared_again = shared;
  const SharedBytes alone = make(kHalf / 2);
  auto stalled = answer(shared, first_asked);
  auto reading = answer(shared_again, second_asked);
  auto slow = answer(alone, third_asked);
  clock.advance(seconds(2));
  reading.moved(1000);
  slow.moved(10);
  auto other = body(first_asked);
  EXPECT_FALSE(other.grow_to(10));
  EXPECT_EQ(third_asked, 1);
  EXPECT_EQ(first_asked + second_asked, 0);
  slow.give_back();
  clock.advance(seconds(5));
  EXPECT_FALSE(other.grow_to(kHalf));
  EXPECT_EQ(first_asked, 1);
  EXPECT_EQ(second_asked, 1);
}

TEST_F(MemoryAccountTest, AnAnswerPastTheLimitMakesTheSlowestLeave) {
  const SharedBytes old_one = make(kHalf);
  const SharedBytes new_one = make(kHalf);
  const auto old_answer = answer(old_one, first_asked);
  clock.advance(seconds(2));
  const auto new_answer = answer(new_one, second_asked);
  EXPECT_EQ(first_asked, 1);
  EXPECT_EQ(second_asked, 0);
}

TEST_F(MemoryAccountTest, WhoWaitsIsWokenOnceWhenSomethingComesBack) {
  auto share = body(first_asked);
  int woken = 0;
  account.call_when_free([&] { ++woken; });
  EXPECT_EQ(woken, 0);
  share.give_back();
  body(second_asked).give_back();
  EXPECT_EQ(woken, 1);
}

TEST_F(MemoryAccountTest, WorkWaitsForWork) {
  auto half = account.try_work(kHalf);
  auto other_half = account.try_work(kHalf);
  ASSERT_TRUE(half && other_half);
  std::atomic<bool> done = false;
  std::thread waiting([&] {
    Context context;
    EXPECT_OK(account.take_work(context, 10));
    done = true;
  });
  half.give_back();
  waiting.join();
  EXPECT_TRUE(done);
}

TEST_F(MemoryAccountTest, WorkThatWaitsTooLongIsRefused) {
  const auto half = account.try_work(kHalf);
  const auto other_half = account.try_work(kHalf);
  std::atomic<bool> ended = false;
  std::thread waiting([&] {
    Context context;
    const auto refused = account.take_work(context, 10);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().code, ErrorCode::Unavailable);
    ended = true;
  });
  while (!ended) {
    clock.advance(seconds(1));
    std::this_thread::sleep_for(milliseconds(5));
  }
  waiting.join();
}

TEST_F(MemoryAccountTest, WhoHasGoneDoesNotWait) {
  const auto half = account.try_work(kHalf);
  const auto other_half = account.try_work(kHalf);
  Context context;
  context.cancel();
  const auto refused = account.take_work(context, 10);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::Cancelled);
}

}  // namespace
}  // namespace entrepot::http
