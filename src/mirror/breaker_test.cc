#include "mirror/breaker.h"

#include <gtest/gtest.h>

namespace entrepot::mirror {
namespace {

using std::chrono::seconds;

const SteadyTime kStart{std::chrono::hours(1)};

void open(Breaker& breaker) {
  for (int i = 0; i < Breaker::kMostFaults; ++i) {
    ASSERT_TRUE(breaker.may_ask(kStart));
    breaker.failed(kStart);
  }
}

TEST(Breaker, OpensAfterSoManyFaultsInARow) {
  Breaker breaker;
  for (int i = 1; i < Breaker::kMostFaults; ++i) breaker.failed(kStart);
  breaker.worked();
  EXPECT_TRUE(breaker.may_ask(kStart));
  open(breaker);
  EXPECT_TRUE(breaker.is_open());
  EXPECT_FALSE(breaker.may_ask(kStart));
}

TEST(Breaker, LetsOneTryAfterAPause) {
  Breaker breaker;
  open(breaker);
  EXPECT_FALSE(breaker.may_ask(kStart + seconds(4)));
  EXPECT_TRUE(breaker.may_ask(kStart + seconds(5)));
  EXPECT_FALSE(breaker.may_ask(kStart + seconds(5)));
  breaker.worked();
  EXPECT_FALSE(breaker.is_open());
  EXPECT_TRUE(breaker.may_ask(kStart + seconds(5)));
}

TEST(Breaker, PausesGrowUpToAMinute) {
  Breaker breaker;
  open(breaker);
  SteadyTime now = kStart;
  for (const int pause : {5, 10, 20, 40, 60, 60}) {
    EXPECT_FALSE(breaker.may_ask(now + seconds(pause) - seconds(1))) << pause;
    now += seconds(pause);
    EXPECT_TRUE(breaker.may_ask(now)) << pause;
    breaker.failed(now);
  }
}

// Whoever was to try may have been cancelled: then another one does.
TEST(Breaker, ATryThatToldNothingIsMadeAgain) {
  Breaker breaker;
  open(breaker);
  EXPECT_TRUE(breaker.may_ask(kStart + seconds(5)));
  EXPECT_TRUE(breaker.may_ask(kStart + seconds(10)));
}

}  // namespace
}  // namespace entrepot::mirror
