#include "mirror/eviction.h"

#include <gtest/gtest.h>

#include "registry/testing/world.h"

namespace entrepot::mirror {
namespace {

using registry::testing::name;
using registry::testing::World;
using std::chrono::hours;

const char* const kNginx = "docker.io/library/nginx";

class EvictionTest : public ::testing::Test {
 protected:
  // What was not used for a day.
  std::uint64_t evict() {
    return eviction
        .evict(world.context, world.clock.wall() - hours(24), [] { return Result<void>(); })
        .value();
  }
  void pull(const std::string& repository, const oci::Digest& digest) {
    const meta::PullNote notes[] = {{name(repository), digest, 1, world.clock.wall()}};
    ASSERT_OK(world.stores.meta.write(
        world.context, [&](meta::Transaction& tx) { return tx.pulls().note(notes); }));
  }

  World world;
  Eviction eviction{{"docker.io"}, world.stores, world.remover};
};

TEST_F(EvictionTest, WhatNobodyPullsGoesWithItsTag) {
  const auto old = world.push_image(kNginx, "1", "old");
  world.clock.advance(hours(20));
  const auto newer = world.push_image(kNginx, "2", "newer");
  world.clock.advance(hours(5));
  EXPECT_EQ(evict(), 1u);
  EXPECT_FAILS(NotFound, world.pull(kNginx, "1"));
  EXPECT_FAILS(NotFound, world.pull(kNginx, old.to_string()));
  EXPECT_TRUE(world.pull(kNginx, newer.to_string()));
}

TEST_F(EvictionTest, WhatIsPulledStays) {
  const auto image = world.push_image(kNginx, "1", "layer");
  for (int day = 0; day < 3; ++day) {
    world.clock.advance(hours(20));
    pull(kNginx, image);
    EXPECT_EQ(evict(), 0u);
  }
  world.clock.advance(hours(25));
  EXPECT_EQ(evict(), 1u);
}

TEST_F(EvictionTest, WhatIsOursStays) {
  world.push_image("acme/app", "1", "layer");
  world.push_image("docker.iox/app", "1", "layer");
  world.push_image("docker.io", "1", "layer");
  world.clock.advance(hours(1000));
  EXPECT_EQ(evict(), 0u);
  EXPECT_TRUE(world.pull("acme/app", "1"));
}

// A child is never missing where its index is.
TEST_F(EvictionTest, AnIndexGoesBeforeWhatItLists) {
  const auto child = world.push_image(kNginx, "child", "layer");
  const auto bytes = fmt::format(
      R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{{"mediaType":"{}","digest":"{}","size":{}}}]}})",
      oci::media_type::kOciIndex, oci::media_type::kOciManifest, child.to_string(),
      world.pull(kNginx, "child")->size());
  const auto index = world.push(kNginx, {"1"}, bytes).value().digest;
  world.clock.advance(hours(20));
  pull(kNginx, index);
  world.clock.advance(hours(10));
  EXPECT_EQ(evict(), 0u);
  EXPECT_TRUE(world.pull(kNginx, child.to_string()));
  world.clock.advance(hours(20));
  EXPECT_GE(evict(), 1u);
  EXPECT_FAILS(NotFound, world.pull(kNginx, "1"));
  evict();
  EXPECT_FAILS(NotFound, world.pull(kNginx, child.to_string()));
}

TEST_F(EvictionTest, GoesThroughMoreThanAPage) {
  for (int i = 0; i < 250; ++i) {
    world.push_image(kNginx, fmt::format("t{}", i), fmt::format("layer {}", i));
  }
  world.clock.advance(hours(25));
  EXPECT_EQ(evict(), 250u);
}

TEST_F(EvictionTest, ItEndsWhenItIsToEnd) {
  world.push_image(kNginx, "1", "layer");
  world.clock.advance(hours(25));
  EXPECT_FAILS(Cancelled, eviction.evict(world.context, world.clock.wall(), []() -> Result<void> {
    return fail(ErrorCode::Cancelled, "enough");
  }));
}

}  // namespace
}  // namespace entrepot::mirror
