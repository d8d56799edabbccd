#include "collect/sweep.h"

#include <set>

#include <gtest/gtest.h>

#include "collect/testing/world.h"

namespace entrepot::collect {
namespace {

using oci::Digest;
using testing::World;

TEST(Sweeper, FindsWhatNoRepositoryHasAndNoReviewWaitsFor) {
  World world;
  world.push_image("a", "1", "used");
  world.push_blob("a", "waits");
  const auto lost = world.put_bytes("lost");
  Sweeper sweeper(world.stores);
  const auto strays = sweeper.next(world.context, 100).value();
  ASSERT_EQ(strays.size(), 1u);
  EXPECT_EQ(strays[0].digest, lost);
  EXPECT_EQ(strays[0].size_bytes, 4u);
  EXPECT_TRUE(sweeper.at_end());
  EXPECT_TRUE(world.has_bytes(lost)) << "found, not removed";
}

TEST(Sweeper, WhatALiveManifestNamesIsNoStray) {
  World world(registry::MissingReferences::Accept);
  const auto layer = world.put_bytes("layer");
  ASSERT_OK(world.push("a", {"1"}, World::image(world.push_blob("a", "{}"), {layer})));
  Sweeper sweeper(world.stores);
  EXPECT_TRUE(sweeper.next(world.context, 100)->empty());
  world.remove_manifest("a", world.pull_digest("a", "1"));
  ASSERT_EQ(sweeper.next(world.context, 100)->size(), 1u);
}

TEST(Sweeper, GoesOnWhereItWasAndBeginsAnewAtTheEnd) {
  World world;
  std::set<Digest> lost;
  for (int i = 0; i < 7; ++i) lost.insert(world.put_bytes(std::to_string(i)));
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
  const auto lost = world.put_bytes("lost");
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
  const auto layer = world.put_bytes("layer");
  Sweeper sweeper(world.stores);
  const auto strays = sweeper.next(world.context, 100).value();
  world.push_image("a", "1", "layer");
  ASSERT_OK(sweeper.queue(world.context, strays, world.clock.wall()));
  EXPECT_FALSE(world.waits(layer));
  EXPECT_TRUE(world.has_blob("a", layer));
}

}  // namespace
}  // namespace entrepot::collect
