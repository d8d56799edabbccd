#include "registry/ages.h"

#include <gtest/gtest.h>

#include "registry/testing/world.h"

namespace entrepot::registry {
namespace {

using std::chrono::hours;
using testing::World;

class AgesTest : public ::testing::Test {
 protected:
  // Has what was stamped then reached ten hours?
  bool is_old(const Ages& ages, WallTime stamp) { return stamp < ages.before(hours(10)); }

  World world_;
  const WallTime stamp_ = world_.clock.wall();
};

TEST_F(AgesTest, AgeIsTimeThatPassed) {
  Ages same(world_.metadata->store(), world_.clock, "test.clock");
  ASSERT_OK(same.look(world_.context));
  world_.clock.advance(hours(10));
  EXPECT_FALSE(is_old(same, stamp_));
  world_.clock.advance(hours(1));
  EXPECT_TRUE(is_old(same, stamp_));
}

TEST_F(AgesTest, JumpMakesNothingOldBeforeAndAfterItIsNoticed) {
  Ages same(world_.metadata->store(), world_.clock, "test.clock");
  ASSERT_OK(same.look(world_.context));
  world_.clock.advance(hours(4));
  world_.clock.jump(hours(24 * 3650));
  EXPECT_FALSE(is_old(same, stamp_));
  ASSERT_OK(same.look(world_.context));
  EXPECT_FALSE(is_old(same, stamp_));
  const WallTime later = world_.clock.wall();
  world_.clock.advance(hours(7));
  EXPECT_TRUE(is_old(same, stamp_)) << "4 hours before the jump, 7 after it";
  EXPECT_FALSE(is_old(same, later));
  world_.clock.advance(hours(4));
  EXPECT_TRUE(is_old(same, later));
}

TEST_F(AgesTest, JumpIsRememberedOverARestart) {
  {
    Ages before(world_.metadata->store(), world_.clock, "test.clock");
    ASSERT_OK(before.look(world_.context));
    world_.clock.jump(hours(1000));
    ASSERT_OK(before.look(world_.context));
  }
  Ages after(world_.metadata->store(), world_.clock, "test.clock");
  ASSERT_OK(after.look(world_.context));
  EXPECT_FALSE(is_old(after, stamp_));
  world_.clock.advance(hours(11));
  EXPECT_TRUE(is_old(after, stamp_));
}

TEST_F(AgesTest, ClockThatIsPutRightAgainEndsTheJump) {
  Ages same(world_.metadata->store(), world_.clock, "test.clock");
  ASSERT_OK(same.look(world_.context));
  for (const hours jump : {hours(1000), hours(-1000)}) {
    world_.clock.jump(jump);
    ASSERT_OK(same.look(world_.context));
  }
  EXPECT_FALSE(is_old(same, stamp_));
  world_.clock.advance(hours(11));
  EXPECT_TRUE(is_old(same, stamp_));
}

}  // namespace
}  // namespace entrepot::registry
