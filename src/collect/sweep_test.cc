#include "collect/sweep.h"

#include <set>

#include <gtest/gtest.h>

#include "collect/testing/world.h"

namespace entrepot::collect {
namespace {

using oci::Digest;
using testing::World;

// Bytes in the store that no row knows: what a crash between the file and its row leaves.
Digest stray(World& world, const std::string& bytes) {
  auto upload =
      world.blobs.start(world.context, blob::UploadId::random(), oci::HashAlgorithm::Sha256)
          .value();
  EXPECT_OK(upload->write(world.context, bytes));
  const auto digest = Digest::of(bytes);
  EXPECT_OK(upload->commit(world.context, digest));
  return digest;
}

TEST(Sweeper, FindsWhatNoRepositoryHasAndNoReviewWaitsFor) {
  World world;
  world.push_image("a", "1", "used");
  world.push_blob("a", "waits");
  const auto lost = stray(world, "lost");
  Sweeper sweeper(world.stores);
  const auto strays = sweeper.next(world.context, 100).value();
  ASSERT_EQ(strays.size(), 1u);
  EXPECT_EQ(strays[0].digest, lost);
  EXPECT_EQ(strays[0].size_bytes, 4u);
  EXPECT_TRUE(sweeper.at_end());
  EXPECT_TRUE(world.has_bytes(lost)) << "found, not removed";
}

TEST(Sweeper, GoesOnWhereItWasAndBeginsAnewAtTheEnd) {
  World world;
  std::set<Digest> lost;
  for (int i = 0; i < 7; ++i) lost.insert(stray(world, std::to_string(i)));
  for (int round = 0; round < 2; ++round) {
    Sweeper sweeper(world.stores);
    std::set<Digest> found;
    do {
      const auto strays = sweeper.next(world.context, 2).value();
      for (const auto& each : strays) found.insert(each.digest);
    } while (!sweeper.at_end());
    EXPECT_EQ(found, lost);
  }
}

TEST(Sweeper, QueuedStrayIsReviewedAfterTheDelayAndNotFoundTwice) {
  World world;
  const auto lost = stray(world, "lost");
  Sweeper sweeper(world.stores);
  const auto strays = sweeper.next(world.context, 100).value();
  ASSERT_OK(sweeper.queue(world.context, strays, world.clock.wall() + World::kDelay));
  EXPECT_TRUE(sweeper.next(world.context, 100)->empty());
  EXPECT_EQ(world.reviewer.review(world.context, lost, world.terms())->verdict, Verdict::Later);
  world.let_the_delay_pass();
  EXPECT_EQ(world.reviewer.review(world.context, lost, world.terms())->verdict, Verdict::Removed);
}

// The file was there before its row; the push goes on after the sweep has seen the file.
TEST(Sweeper, PushThatTakesTheStrayOnLosesNothing) {
  World world;
  const auto layer = stray(world, "layer");
  Sweeper sweeper(world.stores);
  const auto strays = sweeper.next(world.context, 100).value();
  world.push_image("a", "1", "layer");
  ASSERT_OK(sweeper.queue(world.context, strays, world.clock.wall()));
  EXPECT_FALSE(world.waits(layer));
  EXPECT_TRUE(world.has_blob("a", layer));
}

}  // namespace
}  // namespace entrepot::collect
