#include "registry/clock_watch.h"

#include <gtest/gtest.h>

#include "registry/testing/world.h"

namespace entrepot::registry {
namespace {

using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using testing::World;

class ClockWatchTest : public ::testing::Test {
 protected:
  ClockWatch watch() { return {world_.metadata->store(), world_.clock, "test.clock"}; }

  // A look that is settled.
  microseconds jump_seen_by(ClockWatch& watch) {
    const auto look = watch.look(world_.context).value();
    EXPECT_OK(watch.settle(world_.context, look));
    return look.jump;
  }

  World world_;
};

TEST_F(ClockWatchTest, TimeThatPassesIsNoJump) {
  ClockWatch same = watch();
  EXPECT_EQ(jump_seen_by(same), hours(0));
  world_.clock.advance(hours(24 * 365));
  EXPECT_EQ(jump_seen_by(same), hours(0));
  world_.clock.jump(minutes(59));
  EXPECT_EQ(jump_seen_by(same), hours(0)) << "clocks are set now and then";
}

TEST_F(ClockWatchTest, JumpsAreSeenBothWaysUntilTheyAreSettled) {
  for (const hours jump : {hours(24 * 365), hours(-24 * 365), hours(2), hours(-2)}) {
    ClockWatch same = watch();
    jump_seen_by(same);
    world_.clock.advance(minutes(1));
    world_.clock.jump(jump);
    EXPECT_EQ(same.look(world_.context)->jump, jump);
    EXPECT_EQ(same.look(world_.context)->jump, jump);
    EXPECT_EQ(jump_seen_by(same), jump);
    EXPECT_EQ(jump_seen_by(same), hours(0));
  }
}

TEST_F(ClockWatchTest, NextProcessKnowsWhenTheLastOneLooked) {
  {
    ClockWatch before = watch();
    EXPECT_TRUE(before.look(world_.context)->is_first);
    jump_seen_by(before);
    world_.clock.advance(hours(5));
    jump_seen_by(before);
    EXPECT_FALSE(before.look(world_.context)->is_first);
  }
  world_.clock.advance(minutes(30));
  ClockWatch soon = watch();
  EXPECT_EQ(jump_seen_by(soon), hours(0)) << "a restart takes no time worth a word";
  world_.clock.jump(hours(-3));
  ClockWatch after = watch();
  EXPECT_EQ(jump_seen_by(after), hours(-3));
}

}  // namespace
}  // namespace entrepot::registry
