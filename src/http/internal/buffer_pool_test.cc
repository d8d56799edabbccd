#include "http/internal/buffer_pool.h"

#include <utility>

#include <gtest/gtest.h>

namespace entrepot::http::internal {
namespace {

constexpr std::size_t kLarge = BufferPool::kLarge;
constexpr std::size_t kMedium = BufferPool::kMedium;

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
  EXPECT_EQ(buffers.size(), 2 + 6 * kLarge / kMedium);
}

TEST(BufferPool, WakesWhoWaitsWhenABufferComesBack) {
  metrics::Gauge lent;
  BufferPool pool(kLarge, lent);
  Buffer first = pool.try_take(kLarge);
  ASSERT_TRUE(first);
  ASSERT_FALSE(pool.try_take(kLarge));
  int woken = 0;
  pool.call_when_free([&] { ++woken; });
  EXPECT_EQ(woken, 0);
  EXPECT_FALSE(pool.try_take(1)) << "others wait";
  first.release();
  EXPECT_EQ(woken, 1);
  EXPECT_TRUE(pool.try_take(kLarge));
  EXPECT_EQ(woken, 1);
}

TEST(BufferPool, WakesAtOnceWhenThereIsRoom) {
  metrics::Gauge lent;
  BufferPool pool(kLarge, lent);
  int woken = 0;
  pool.call_when_free([&] { ++woken; });
  EXPECT_EQ(woken, 1);
}

TEST(BufferPool, WhoHasWaitedGoesFirst) {
  metrics::Gauge lent;
  BufferPool pool(kLarge, lent);
  Buffer first = pool.try_take(kLarge);
  std::vector<Buffer> got;
  pool.call_when_free([&] {
    pool.call_when_free([] {});  // another one waits already
    got.push_back(pool.try_take(kMedium, true));
  });
  first.release();
  ASSERT_EQ(got.size(), 1U);
  EXPECT_TRUE(got[0]);
}

}  // namespace
}  // namespace entrepot::http::internal
