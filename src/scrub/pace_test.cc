#include "scrub/pace.h"

#include <gtest/gtest.h>

namespace entrepot::scrub {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;

constexpr std::uint64_t kGiB = std::uint64_t{1} << 30;
constexpr auto kMonth = hours(30 * 24);

TEST(Pace, SpreadsAPassOverItsPeriod) {
  const Pace pace({kMonth, 20 << 20});
  const WallTime begun = from_unix_micros(0);
  const WallTime due = pace.due(begun);
  EXPECT_EQ(due, begun + hours(27 * 24));
  // 10 TiB in 27 days.
  const auto rate = pace.bytes_per_second(10'240 * kGiB, begun, due);
  EXPECT_GT(rate, 4'500'000u);
  EXPECT_LT(rate, 4'800'000u);
  // Half of it in half of the time.
  EXPECT_NEAR(static_cast<double>(pace.bytes_per_second(5'120 * kGiB, begun + hours(27 * 12), due)),
              static_cast<double>(rate), 2);
}

TEST(Pace, NeverGoesAboveTheRate) {
  const Pace pace({kMonth, 1 << 20});
  const WallTime begun = from_unix_micros(0);
  EXPECT_EQ(pace.bytes_per_second(10'240 * kGiB, begun, pace.due(begun)), 1u << 20);
  EXPECT_EQ(pace.bytes_per_second(kGiB, pace.due(begun) + hours(1), pace.due(begun)), 1u << 20);
  const Pace slow({kMonth, 100});
  EXPECT_EQ(slow.bytes_per_second(1, begun, pace.due(begun)), 100u);
}

TEST(Pace, TellsWhenRateAndPeriodDoNotFit) {
  const Pace pace({hours(1), 1 << 20});
  EXPECT_TRUE(pace.fits(3600u << 20));
  EXPECT_FALSE(pace.fits((3600u << 20) + 1));
}

TEST(Pace, RestsForTheRateAndAtLeastAsLongAsTheReadTook) {
  EXPECT_EQ(Pace::rest(1000, microseconds(100), 1'000'000), microseconds(900));
  EXPECT_EQ(Pace::rest(1000, microseconds(800), 1'000'000), microseconds(800));
  EXPECT_EQ(Pace::rest(1000, microseconds(5000), 1'000'000), microseconds(5000));
}

}  // namespace
}  // namespace entrepot::scrub
