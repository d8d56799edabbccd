#include "registry/pull.h"

#include <gtest/gtest.h>

#include "meta/testing/faulty_store.h"
#include "registry/testing/world.h"

namespace entrepot::registry {
namespace {

using testing::name;
using testing::World;

// A blob that waits for the collector has its review pushed back when it is pulled, which must not
// be in the way of pulling it from a full or failing disk.
TEST(Puller, BlobThatWaitsForReviewIsReadWhileNothingCanBeWritten) {
  World world;
  const auto digest = world.push_blob("a", "layer");
  meta::testing::FaultyStore meta(world.stores.meta);
  const Stores stores{world.blobs, meta, world.cache, world.locks, world.clock};
  Quarantine quarantine(stores, world.metrics);
  const Puller puller(stores, quarantine, kDefaultReviewDelay);
  world.clock.advance(kDefaultReviewDelay / 2);
  for (const ErrorCode code : {ErrorCode::Unavailable, ErrorCode::StorageFull}) {
    meta.fail_write(1, code);
    const auto blob = puller.blob(world.context, name("a"), digest);
    ASSERT_OK(blob);
    EXPECT_EQ(blob->size_bytes, 5);
    EXPECT_TRUE(blob->review_is_near);
    EXPECT_OK(puller.keep_from_review(world.context, name("a"), digest));
    EXPECT_TRUE(meta.write_failed());
  }
}

TEST(Puller, BlobThatTheCollectorTookMeanwhileIsNotFound) {
  World world;
  const auto digest = world.push_blob("a", "layer");
  meta::testing::FaultyStore meta(world.stores.meta);
  const Stores stores{world.blobs, meta, world.cache, world.locks, world.clock};
  Quarantine quarantine(stores, world.metrics);
  const Puller puller(stores, quarantine, kDefaultReviewDelay);
  world.clock.advance(kDefaultReviewDelay / 2);
  meta.fail_write(1, ErrorCode::NotFound);
  ASSERT_OK(puller.blob(world.context, name("a"), digest));
  EXPECT_FAILS(NotFound, puller.keep_from_review(world.context, name("a"), digest));
}

// Many pulls of such a blob do not cost a commit each, and it stays safe all the same.
TEST(Puller, AReviewThatIsFarOffIsLeftAlone) {
  World world;
  const auto digest = world.push_blob("a", "layer");
  const auto due_at = [&] {
    return world.stores.meta
        .view<WallTime>(
            world.context,
            [&](const meta::Snapshot& snapshot) { return snapshot.reviews().due_at(digest); })
        .value();
  };
  const WallTime first = due_at();
  world.clock.advance(kDefaultReviewDelay / 20);
  EXPECT_TRUE(world.has_blob("a", digest));
  EXPECT_EQ(due_at(), first);
  world.clock.advance(kDefaultReviewDelay / 10);
  EXPECT_TRUE(world.has_blob("a", digest));
  EXPECT_EQ(due_at(), world.clock.wall() + kDefaultReviewDelay);
}

// A client reads it in many ranges: not each of them is to be looked up.
TEST(Puller, ABlobThatWaitsForReviewIsAnsweredFromMemoryForAWhile) {
  World world;
  const auto digest = world.push_blob("a", "layer");
  const auto from_memory = [&] {
    return world.puller.blob_from_memory("a", digest.to_string()) != nullptr;
  };
  EXPECT_TRUE(world.has_blob("a", digest));
  EXPECT_TRUE(from_memory());
  world.clock.advance(std::chrono::seconds(9));
  EXPECT_TRUE(from_memory());
  world.clock.advance(std::chrono::seconds(1));
  EXPECT_FALSE(from_memory());

  // One second before its review counts as near, it is told of for one second.
  world.clock.advance(std::chrono::seconds(kDefaultReviewDelay) / 10 - std::chrono::seconds(11));
  ASSERT_OK(world.puller.blob(world.context, name("a"), digest));
  EXPECT_TRUE(from_memory());
  world.clock.advance(std::chrono::seconds(1));
  EXPECT_FALSE(from_memory());
  world.clock.advance(std::chrono::seconds(1));
  ASSERT_TRUE(world.puller.blob(world.context, name("a"), digest)->review_is_near);
  EXPECT_FALSE(from_memory());
}

TEST(Puller, ALongManifestIsLeftToWhoReadsNothingElse) {
  World world;
  const std::string image = world.image(world.push_blob("a", "{}"), {});
  const auto digest = world.push("a", {"v1"}, image)->digest;
  const oci::Reference reference = oci::parse_reference("v1").value();
  const auto shorter = world.puller.manifest(world.context, name("a"), reference, image.size() - 1);
  ASSERT_OK(shorter);
  EXPECT_EQ(*shorter, nullptr);
  EXPECT_EQ(world.puller.manifest_from_memory("a", "v1"), nullptr);
  const auto whole = world.puller.manifest(world.context, name("a"), reference, image.size());
  ASSERT_OK(whole);
  EXPECT_EQ((*whole)->digest, digest.to_string());
}

}  // namespace
}  // namespace entrepot::registry
