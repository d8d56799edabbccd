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
  const Puller puller(stores, kDefaultReviewDelay);
  for (const ErrorCode code : {ErrorCode::Unavailable, ErrorCode::StorageFull}) {
    meta.fail_write(1, code);
    const auto blob = puller.blob(world.context, name("a"), digest);
    EXPECT_TRUE(meta.write_failed());
    ASSERT_OK(blob);
    EXPECT_EQ(blob->size_bytes, 5);
  }
}

TEST(Puller, BlobThatTheCollectorTookMeanwhileIsNotFound) {
  World world;
  const auto digest = world.push_blob("a", "layer");
  meta::testing::FaultyStore meta(world.stores.meta);
  const Stores stores{world.blobs, meta, world.cache, world.locks, world.clock};
  const Puller puller(stores, kDefaultReviewDelay);
  meta.fail_write(1, ErrorCode::NotFound);
  EXPECT_FAILS(NotFound, puller.blob(world.context, name("a"), digest));
}

}  // namespace
}  // namespace entrepot::registry
