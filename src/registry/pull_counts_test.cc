#include "registry/pull_counts.h"

#include <gtest/gtest.h>

#include "meta/testing/faulty_store.h"
#include "registry/testing/world.h"

namespace entrepot::registry {
namespace {

using testing::name;
using testing::tag;
using testing::World;

class PullCountsTest : public ::testing::Test {
 protected:
  std::shared_ptr<const HotManifest> find(const std::string& reference) {
    return world.puller
        .manifest(world.context, name("app"), oci::parse_reference(reference).value())
        .value();
  }
  meta::PullCount told() {
    return world.stores.meta
        .view<meta::PullCount>(world.context,
                               [&](const meta::Snapshot& snapshot) -> Result<meta::PullCount> {
                                 TRY_ASSIGN(const auto app,
                                            snapshot.repositories().find(name("app")));
                                 return snapshot.pulls().of(app.id, digest);
                               })
        .value();
  }

  World world;
  oci::Digest digest = world.push_image("app", "1", "layer");
  PullCounts counts{world.clock};
};

TEST_F(PullCountsTest, AreWrittenTogether) {
  const auto by_tag = find("1");
  const auto by_digest = find(digest.to_string());
  for (int i = 0; i < 1000; ++i) counts.count("app", *by_tag);
  counts.count("app", *by_digest);
  EXPECT_EQ(told().times, 0u);
  ASSERT_OK(counts.write(world.context, world.stores.meta));
  EXPECT_EQ(told().times, 1001u);
  EXPECT_EQ(told().last_at, world.clock.wall());
  counts.count("app", *by_tag);
  ASSERT_OK(counts.write(world.context, world.stores.meta));
  ASSERT_OK(counts.write(world.context, world.stores.meta));
  EXPECT_EQ(told().times, 1002u);
}

TEST_F(PullCountsTest, WhatCannotBeWrittenStaysCounted) {
  const auto manifest = find("1");
  meta::testing::FaultyStore faulty(world.stores.meta);
  for (int i = 0; i < 3; ++i) {
    counts.count("app", *manifest);
    faulty.fail_write(1, ErrorCode::StorageFull);
    EXPECT_FAILS(StorageFull, counts.write(world.context, faulty));
  }
  ASSERT_OK(counts.write(world.context, world.stores.meta));
  EXPECT_EQ(told().times, 3u);
}

TEST_F(PullCountsTest, OfWhatIsGoneNothingIsWritten) {
  counts.count("app", *find("1"));
  ASSERT_OK(world.remover.manifest(
      world.context, world.who, name("app"), digest,
      [](meta::Transaction&, meta::RepositoryId) { return Result<void>(); }));
  EXPECT_OK(counts.write(world.context, world.stores.meta));
}

}  // namespace
}  // namespace entrepot::registry
