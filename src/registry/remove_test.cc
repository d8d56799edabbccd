#include "registry/remove.h"

#include <gtest/gtest.h>

#include "registry/testing/world.h"

namespace entrepot::registry {
namespace {

using oci::Digest;
using testing::name;
using testing::tag;
using testing::World;

TEST(Remover, DeletingATagLeavesItsManifestAndOtherTags) {
  World world;
  const auto digest = world.push_image("a", "1", "layer");
  ASSERT_OK(world.push("a", {"2"}, world.pull("a", "1").value()));
  ASSERT_OK(world.remover.tag(world.context, world.who, name("a"), tag("1")));
  EXPECT_FAILS(NotFound, world.pull("a", "1"));
  EXPECT_OK(world.pull("a", "2"));
  EXPECT_OK(world.pull("a", digest.to_string()));
  EXPECT_FAILS(NotFound, world.remover.tag(world.context, world.who, name("a"), tag("1")));
}

TEST(Remover, DeletingAManifestTakesEveryTagOnItAndShowsAtOnceThroughTheCache) {
  World world;
  const auto digest = world.push_image("a", "1", "layer");
  ASSERT_OK(world.push("a", {"2"}, world.pull("a", "1").value()));
  const auto other = world.push_image("a", "other", "another layer");
  for (const std::string& reference : {std::string("1"), std::string("2"), digest.to_string()}) {
    ASSERT_OK(world.pull("a", reference));  // cached now
  }
  ASSERT_OK(world.remover.manifest(world.context, world.who, name("a"), digest));
  for (const std::string& reference : {std::string("1"), std::string("2"), digest.to_string()}) {
    EXPECT_FALSE(world.puller.manifest_from_memory("a", reference));
    EXPECT_FAILS(NotFound, world.pull("a", reference));
  }
  EXPECT_OK(world.pull("a", other.to_string()));
  EXPECT_FAILS(NotFound, world.remover.manifest(world.context, world.who, name("a"), digest));
}

TEST(Remover, DeletedManifestCanBePushedAgain) {
  World world;
  const auto digest = world.push_image("a", "1", "layer");
  const auto bytes = world.pull("a", "1").value();
  ASSERT_OK(world.remover.manifest(world.context, world.who, name("a"), digest));
  ASSERT_OK(world.push("a", {"again"}, bytes));
  EXPECT_EQ(world.pull("a", "again").value(), bytes);
}

TEST(Remover, CheckThatFailsKeepsTheManifestAndItsTags) {
  World world;
  const auto digest = world.push_image("a", "1", "layer");
  const auto refuse = [](meta::Transaction&, meta::RepositoryId) -> Result<void> {
    return fail(ErrorCode::Conflict, "not this one");
  };
  EXPECT_FAILS(Conflict,
               world.remover.manifest(world.context, world.who, name("a"), digest, refuse));
  EXPECT_OK(world.pull("a", "1"));
}

TEST(Remover, WhatADeletedManifestNamedIsQueuedForReview) {
  World world;
  const auto digest = world.push_image("a", "1", "layer");
  const auto queued = [&] {
    return world.metadata->store()
        .view<std::uint64_t>(world.context,
                             [](const meta::Snapshot& s) { return s.reviews().count(); })
        .value();
  };
  EXPECT_EQ(queued(), 0u);
  ASSERT_OK(world.remover.manifest(world.context, world.who, name("a"), digest));
  EXPECT_EQ(queued(), 2u);
}

TEST(Remover, BlobInUseIsKeptAndItsUserNamed) {
  World world;
  const auto digest = world.push_image("a", "1", "layer");
  const auto refused = world.remover.blob(world.context, world.who, name("a"), Digest::of("layer"));
  EXPECT_FAILS(Conflict, refused);
  EXPECT_NE(refused.error().message.find(digest.to_string()), std::string::npos);
  EXPECT_TRUE(world.has_blob("a", Digest::of("layer")));
}

TEST(Remover, BlobGoesFromThisRepositoryAlone) {
  World world;
  const auto digest = world.push_blob("a", "bytes");
  world.push_blob("b", "bytes");
  ASSERT_TRUE(world.has_blob("a", digest));
  ASSERT_OK(world.remover.blob(world.context, world.who, name("a"), digest));
  EXPECT_FALSE(world.has_blob("a", digest));
  EXPECT_TRUE(world.has_blob("b", digest));
  // Asking for it in the other repository must not bring it back here (CVE-2026-35172).
  EXPECT_FALSE(world.has_blob("a", digest));
  EXPECT_FAILS(NotFound, world.remover.blob(world.context, world.who, name("a"), digest));
}

TEST(Remover, OfAnArchivedRepositoryNothingIsChanged) {
  World world;
  const auto digest = world.push_image("a", "1", "layer");
  const auto bytes = world.pull("a", "1").value();
  const auto archive = [&](bool archived) {
    return world.stores.meta.write(world.context, [&](meta::Transaction& tx) -> Result<void> {
      TRY_ASSIGN(const auto home, tx.repositories().find(name("a")));
      return tx.repositories().set_archived(home.id, archived);
    });
  };
  ASSERT_OK(archive(true));
  EXPECT_FAILS(Denied, world.remover.tag(world.context, world.who, name("a"), tag("1")));
  EXPECT_FAILS(Denied, world.remover.manifest(world.context, world.who, name("a"), digest));
  EXPECT_FAILS(Denied,
               world.remover.blob(world.context, world.who, name("a"), Digest::of("layer")));
  EXPECT_FAILS(Denied, world.push("a", {"2"}, bytes));
  EXPECT_OK(world.pull("a", "1"));
  ASSERT_OK(archive(false));
  EXPECT_OK(world.push("a", {"2"}, bytes));
}

}  // namespace
}  // namespace entrepot::registry
