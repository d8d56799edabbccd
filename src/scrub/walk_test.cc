#include "scrub/walk.h"

#include <gtest/gtest.h>

#include "blob/testing/faulty_store.h"
#include "registry/testing/world.h"
#include "scrub/job.h"

namespace entrepot::scrub {
namespace {

using oci::Digest;
using registry::testing::name;
using registry::testing::World;

Result<void> nothing(std::size_t /*bytes*/) { return {}; }

class WalkTest : public ::testing::Test {
 protected:
  Counts walk_all(Walk& walk) {
    while (true) {
      const auto more = walk.step(world_.context, nothing);
      EXPECT_OK(more);
      if (!more || !*more) return walk.counts();
    }
  }
  Counts walk_all(Walk::Rows rows = Walk::Rows::Mend) {
    Walk walk(world_.stores, world_.quarantine, rows);
    return walk_all(walk);
  }

  // Writes something else where the rows of the manifest of app:v1 are.
  void spoil_rows(const Digest& digest) {
    ASSERT_OK(world_.stores.meta.write(world_.context, [&](meta::Transaction& tx) -> Result<void> {
      TRY_ASSIGN(const auto home, tx.repositories().find(name("app")));
      TRY_ASSIGN(auto stored, tx.manifests().find(name("app"), digest));
      meta::NewManifest wrong{.repository = home.id,
                              .digest = digest,
                              .media_type = stored.manifest.media_type,
                              .bytes = std::move(stored.bytes),
                              .references = {},
                              .subject = {},
                              .artifact_type = {},
                              .annotations_json = {},
                              .pushed_at = {},
                              .pushed_by = {}};
      return tx.damage().rewrite(wrong);
    }));
  }

  Result<Report> check(bool repair) {
    return check_all(world_.context, world_.stores, world_.quarantine, {repair},
                     [](const Report&) { return Result<void>(); });
  }

  World world_;
};

TEST_F(WalkTest, ReadsEverythingOnce) {
  world_.push_image("app", "v1", "layer");
  world_.push_image("b/c", "v1", "another");
  const Counts counts = walk_all();
  EXPECT_EQ(counts.manifests, 2u);
  EXPECT_EQ(counts.blobs, 3u);
  EXPECT_EQ(counts.damaged, 0u);
  EXPECT_EQ(counts.mended, 0u);
  EXPECT_GT(counts.bytes, 2u + 5u + 7u);
}

TEST_F(WalkTest, FindsChangedBytesOfTheRightSize) {
  world_.push_image("app", "v1", "layer");
  world_.blobs.damage(Digest::of("layer"), "lAyer");
  EXPECT_TRUE(world_.has_blob("app", Digest::of("layer")));
  EXPECT_EQ(walk_all().damaged, 1u);
  EXPECT_FALSE(world_.has_blob("app", Digest::of("layer")));
  EXPECT_EQ(walk_all().damaged, 0u);
}

// The walk of another process goes on behind what this one has done.
TEST_F(WalkTest, GoesOnFromWhereItWas) {
  for (int i = 0; i < 20; ++i) {
    world_.push_image(fmt::format("app{}", i), "v1", fmt::format("layer {}", i));
  }
  Counts all;
  Place place;
  bool more = true;
  while (more) {
    Walk walk(world_.stores, world_.quarantine, Walk::Rows::Mend);
    walk.go_to(parse_place(to_text(place)));
    more = walk.step(world_.context, nothing).value();
    all.manifests += walk.counts().manifests;
    all.blobs += walk.counts().blobs;
    place = walk.place();
  }
  EXPECT_EQ(all.manifests, 20u);
  EXPECT_EQ(all.blobs, 21u);
}

TEST(Place, IsReadBackAndNonsenseIsTheBeginning) {
  const Place place{Stage::Manifests, "a/b", Digest::of("x")};
  const Place read = parse_place(to_text(place));
  EXPECT_EQ(read.stage, Stage::Manifests);
  EXPECT_EQ(read.repository, "a/b");
  EXPECT_EQ(read.digest, Digest::of("x"));
  EXPECT_EQ(parse_place(to_text({Stage::End, "", std::nullopt})).stage, Stage::End);
  for (const char* text : {"", "blobs", "blobs -", "nowhere - -"}) {
    EXPECT_EQ(parse_place(text).stage, Stage::Manifests) << text;
  }
}

TEST_F(WalkTest, RowsThatDisagreeAreMendedWhereThatIsWanted) {
  const Digest image = world_.push_image("app", "v1", "layer");
  spoil_rows(image);
  EXPECT_EQ(walk_all(Walk::Rows::LeaveAlone).unmended, 1u);
  EXPECT_EQ(walk_all().mended, 1u);
  const Counts after = walk_all();
  EXPECT_EQ(after.mended + after.unmended + after.damaged, 0u);
  EXPECT_FAILS(Conflict,
               world_.remover.blob(world_.context, world_.who, name("app"), Digest::of("layer")));
}

TEST_F(WalkTest, MarkOfAWholeBlobIsTakenAway) {
  world_.push_image("app", "v1", "layer");
  ASSERT_OK(world_.stores.meta.write(world_.context, [&](meta::Transaction& tx) -> Result<void> {
    TRY(tx.damage().mark_blob(Digest::of("layer"), world_.clock.wall()));
    return {};
  }));
  EXPECT_EQ(walk_all(Walk::Rows::LeaveAlone).mended, 0u);
  EXPECT_FALSE(world_.has_blob("app", Digest::of("layer")));
  EXPECT_EQ(walk_all().mended, 1u);
  EXPECT_TRUE(world_.has_blob("app", Digest::of("layer")));
}

// A store that is away stops the walk; it says nothing about the bytes, and the step is taken
// again.
TEST_F(WalkTest, StoreThatIsAwayStopsItWhereItIs) {
  world_.push_image("app", "v1", "layer");
  blob::testing::FaultyBlobStore blobs(world_.blobs);
  const registry::Stores stores{blobs, world_.stores.meta, world_.cache, world_.locks,
                                world_.clock};
  registry::Quarantine quarantine(stores, world_.metrics);
  Walk walk(stores, quarantine, Walk::Rows::Mend);
  while (walk.place().stage == Stage::Manifests) ASSERT_OK(walk.step(world_.context, nothing));
  blobs.fail_from(1, ErrorCode::Unavailable);
  EXPECT_FAILS(Unavailable, walk.step(world_.context, nothing));
  EXPECT_EQ(walk.place().digest, std::nullopt);
  blobs.heal();
  EXPECT_EQ(walk_all(walk).blobs, 2u);
  EXPECT_EQ(walk.counts().damaged, 0u);
}

TEST_F(WalkTest, CheckNamesTheTagsThatMissSomething) {
  world_.push_image("app", "v1", "layer");
  world_.push_image("app", "v2", "another");
  world_.push_image("b", "v1", "layer");
  EXPECT_TRUE(check(true)->losses.empty());
  world_.blobs.damage(Digest::of("layer"), "lAyer");
  const auto report = check(false);
  ASSERT_OK(report);
  EXPECT_EQ(report->left, 1u);
  ASSERT_EQ(report->losses.size(), 2u);
  EXPECT_EQ(report->losses[0].repository, "app");
  EXPECT_EQ(report->losses[0].tag, "v1");
  EXPECT_EQ(report->losses[1].repository, "b");
  const auto read = parse_report(to_json(*report));
  ASSERT_OK(read);
  EXPECT_EQ(to_json(*read), to_json(*report));
  world_.push_blob("app", "layer");
  EXPECT_EQ(check(false)->left, 0u);
  EXPECT_TRUE(check(false)->losses.empty());
}

TEST(ScrubJob, RequestIsReadBack) {
  EXPECT_TRUE(parse_request(to_json(Request{true}))->repair);
  EXPECT_FALSE(parse_request("{}")->repair);
  EXPECT_FAILS(InvalidArgument, parse_request("[]"));
  EXPECT_FAILS(InvalidArgument, parse_request(R"({"repair":1})"));
  EXPECT_FAILS(InvalidArgument, parse_report(R"({"losses":[["a"]]})"));
  EXPECT_FAILS(InvalidArgument, parse_report(R"({"bytes":"many"})"));
}

}  // namespace
}  // namespace entrepot::scrub
