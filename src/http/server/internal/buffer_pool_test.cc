#include "http/server/internal/buffer_pool.h"

#include <sys/resource.h>

#include <cstdint>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace entrepot::http::server::internal {
namespace {

constexpr std::size_t kLarge = BufferPool::kLarge;
constexpr std::size_t kMedium = BufferPool::kMedium;
constexpr std::size_t kSmall = BufferPool::kSmall;

TEST(BufferPool, LendsAndTakesBack) {
  metrics::Gauge lent;
  BufferPool pool(4 * kLarge, lent);
  {
    Buffer small = pool.try_take(100);
    ASSERT_TRUE(small);
    EXPECT_EQ(small.capacity(), 100U);
    Buffer large = pool.try_take(10 * kLarge);
    ASSERT_TRUE(large);
    EXPECT_EQ(large.capacity(), kLarge);
    large.data()[kLarge - 1] = 'x';
    EXPECT_EQ(pool.lent_bytes(), kLarge + 100);
    large.release();
    EXPECT_FALSE(large);
    EXPECT_EQ(pool.lent_bytes(), 100U);
  }
  EXPECT_EQ(pool.lent_bytes(), 0U);
  EXPECT_EQ(lent.value(), 0);
}

TEST(BufferPool, ABufferIsGivenBackOnce) {
  metrics::Gauge lent;
  BufferPool pool(4 * kLarge, lent);
  Buffer first = pool.try_take(kLarge);
  Buffer second = std::move(first);
  EXPECT_FALSE(first);
  EXPECT_TRUE(second);
  second = pool.try_take(10);
  EXPECT_EQ(pool.lent_bytes(), 10U);
}

// Few pushes get large buffers, many get smaller ones, and none gets past the limit.
TEST(BufferPool, PiecesShrinkWhenManyArePushing) {
  metrics::Gauge lent;
  BufferPool pool(8 * kLarge, lent);
  std::vector<Buffer> buffers;
  for (;;) {
    Buffer buffer = pool.try_take(kLarge);
    if (!buffer) break;
    buffers.push_back(std::move(buffer));
    ASSERT_LE(pool.lent_bytes(), 8 * kLarge);
  }
  EXPECT_EQ(buffers[0].capacity(), kLarge);
  EXPECT_EQ(buffers[1].capacity(), kLarge);
  EXPECT_EQ(buffers[2].capacity(), kMedium);
  EXPECT_EQ(buffers.size(), 2 + 4 * kLarge / kMedium);
}

// Whatever those with large buffers do: others get on, in small pieces.
TEST(BufferPool, TheLastQuarterGoesOutInSmallPieces) {
  metrics::Gauge lent;
  BufferPool pool(4 * kLarge, lent);
  std::vector<Buffer> buffers;
  while (Buffer buffer = pool.try_take(kLarge)) buffers.push_back(std::move(buffer));
  EXPECT_FALSE(pool.try_take(kSmall + 1));
  std::size_t small = 0;
  for (; Buffer buffer = pool.try_take(kSmall); ++small) buffers.push_back(std::move(buffer));
  EXPECT_EQ(small, kLarge / kSmall);
  EXPECT_EQ(pool.lent_bytes(), 4 * kLarge);
}

// A pool of two small buffers.
class SmallBufferPool : public ::testing::Test {
 protected:
  metrics::Gauge lent;
  BufferPool pool{2 * kSmall, lent};
};

TEST_F(SmallBufferPool, WakesWhoWaitsWhenABufferComesBack) {
  Buffer first = pool.try_take(kSmall);
  const Buffer second = pool.try_take(kSmall);
  ASSERT_TRUE(first && second);
  ASSERT_FALSE(pool.try_take(kSmall));
  EXPECT_FALSE(pool.is_wanted());
  int woken = 0;
  pool.call_when_free([&] { ++woken; });
  EXPECT_EQ(woken, 0);
  EXPECT_TRUE(pool.is_wanted());
  EXPECT_FALSE(pool.try_take(1)) << "others wait";
  first.release();
  EXPECT_EQ(woken, 1);
  EXPECT_FALSE(pool.is_wanted());
  EXPECT_TRUE(pool.try_take(kSmall));
  EXPECT_EQ(woken, 1);
}

TEST_F(SmallBufferPool, WakesAtOnceWhenThereIsRoom) {
  int woken = 0;
  pool.call_when_free([&] { ++woken; });
  EXPECT_EQ(woken, 1);
}

TEST_F(SmallBufferPool, WhoHasWaitedGoesFirst) {
  Buffer first = pool.try_take(kSmall);
  const Buffer second = pool.try_take(kSmall);
  std::vector<Buffer> got;
  pool.call_when_free([&] {
    pool.call_when_free([] {});  // another one waits already
    got.push_back(pool.try_take(kSmall, true));
  });
  first.release();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_TRUE(got[0]);
}

// Else who waits would be woken to fail again, and again.
TEST_F(SmallBufferPool, NoRoomInTheMachineWakesNobodyAtOnce) {
  BufferPool endless(SIZE_MAX / 2, lent);
  rlimit old_limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_AS, &old_limit), 0);
  rlimit none = old_limit;
  none.rlim_cur = 1;
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &none), 0);
  const bool got = static_cast<bool>(endless.try_take(kLarge));
  ASSERT_EQ(::setrlimit(RLIMIT_AS, &old_limit), 0);
  EXPECT_FALSE(got);
  int woken = 0;
  endless.call_when_free([&] { ++woken; });
  EXPECT_EQ(woken, 0);
  endless.try_take(1, true).release();
  EXPECT_EQ(woken, 1);
}

}  // namespace
}  // namespace entrepot::http::server::internal
