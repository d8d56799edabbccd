#include "http/server/internal/pace.h"

#include <gtest/gtest.h>

namespace entrepot::http::server::internal {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr minutes kWindow{10};
constexpr std::uint64_t kLeast = 600 << 10;

bool is_too_slow_after(Pace& pace, seconds time, std::uint64_t bytes_a_second) {
  for (seconds passed{0}; passed < time; ++passed) {
    pace.add(seconds(1), bytes_a_second);
    if (pace.is_too_slow()) return true;
  }
  return false;
}

// docker compresses a layer while it pushes it.
TEST(Pace, APushMayPauseForNearlyTheWholeWindow) {
  Pace pace(kWindow);
  pace.add(seconds(1), 2 * kLeast);
  EXPECT_FALSE(is_too_slow_after(pace, seconds(590), 0));
  pace.add(seconds(1), 2 * kLeast);
  EXPECT_FALSE(is_too_slow_after(pace, seconds(590), 0));
}

TEST(Pace, SilenceFromTheBeginningEndsWithTheWindow) {
  Pace pace(kWindow);
  EXPECT_FALSE(is_too_slow_after(pace, seconds(599), 0));
  EXPECT_TRUE(is_too_slow_after(pace, seconds(1), 0));
}

TEST(Pace, AFastBeginningDoesNotExcuseWhatComesLater) {
  Pace pace(kWindow);
  pace.add(seconds(1), 1 << 30);
  EXPECT_FALSE(is_too_slow_after(pace, seconds(590), 8));
  EXPECT_TRUE(is_too_slow_after(pace, minutes(2), 8));
}

TEST(Pace, AKibibyteASecondIsEnoughAndLessIsNot) {
  Pace enough(kWindow);
  EXPECT_FALSE(is_too_slow_after(enough, minutes(60), 1024));
  Pace less(kWindow);
  EXPECT_TRUE(is_too_slow_after(less, minutes(11), 1000));
}

TEST(Pace, TimeThatIsNotTheClientsDoesNotCount) {
  Pace pace(kWindow);
  for (int i = 0; i < 10'000; ++i) pace.add(milliseconds(0), 0);
  EXPECT_FALSE(pace.is_too_slow());
}

TEST(Pace, ALongGapBetweenTwoLooksIsOneLookLate) {
  Pace pace(kWindow);
  pace.add(std::chrono::hours(30), 0);
  EXPECT_TRUE(pace.is_too_slow());
  pace.add(seconds(1), kLeast);
  EXPECT_FALSE(pace.is_too_slow());
}

}  // namespace
}  // namespace entrepot::http::server::internal
