#include "collect/untagged.h"

#include <gtest/gtest.h>

#include "collect/foresight.h"
#include "collect/testing/world.h"

namespace entrepot::collect {
namespace {

using oci::Digest;
using testing::name;
using testing::tag;
using testing::World;

std::string index_of(const std::vector<Digest>& children) {
  std::string list;
  for (const Digest& child : children) {
    if (!list.empty()) list += ',';
    list += fmt::format(R"({{"mediaType":"{}","digest":"{}","size":{}}})",
                        oci::media_type::kOciManifest, child.to_string(),
                        registry::testing::Sizes::of(child.to_string()));
  }
  return fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{}]}})",
                     oci::media_type::kOciIndex, list);
}

class Untagged : public ::testing::Test {
 protected:
  Digest untagged(const std::string& layer, const std::string& subject = "") {
    const auto bytes =
        World::image(world_.push_blob("a", "{}"), {world_.push_blob("a", layer)}, subject);
    return world_.push("a", {}, bytes).value().digest;
  }

  // Foresight agrees each time.
  std::uint64_t remove() {
    const auto none = [](std::uint64_t) -> Result<void> { return {}; };
    const auto foreseen =
        Foresight(world_.metadata->store()).untagged(world_.context, world_.clock.wall(), none);
    UntaggedManifests untagged(world_.stores, world_.remover);
    const auto removed = untagged.remove(world_.context, world_.clock.wall(), none).value();
    EXPECT_EQ(foreseen->count(), removed);
    return removed;
  }

  bool is_there(const Digest& digest) { return world_.pull("a", digest.to_string()).has_value(); }

  World world_;
};

TEST_F(Untagged, TaggedManifestStaysUntaggedGoesAndItsBlobsAreQueued) {
  const auto tagged = world_.push_image("a", "1", "tagged");
  const auto replaced = world_.push_image("a", "1", "replaced by the next");
  const auto now = world_.push_image("a", "1", "now");
  ASSERT_OK(world_.push("a", {"old"}, world_.pull("a", tagged.to_string()).value()));
  EXPECT_EQ(remove(), 1u);
  EXPECT_TRUE(is_there(tagged));
  EXPECT_FALSE(is_there(replaced));
  EXPECT_TRUE(is_there(now));
  EXPECT_TRUE(world_.waits(Digest::of("replaced by the next")));
}

TEST_F(Untagged, PlatformOfATaggedIndexStays) {
  const auto amd64 = untagged("amd64");
  const auto nested = world_.push("a", {}, index_of({amd64})).value().digest;
  ASSERT_OK(world_.push("a", {"1"}, index_of({nested})));
  EXPECT_EQ(remove(), 0u);
  EXPECT_TRUE(is_there(amd64));
}

TEST_F(Untagged, IndexGoesWithItsPlatforms) {
  const auto amd64 = untagged("amd64");
  const auto arm64 = untagged("arm64");
  const auto index = world_.push("a", {}, index_of({amd64, arm64})).value().digest;
  EXPECT_EQ(remove(), 3u);
  for (const Digest& digest : {amd64, arm64, index}) EXPECT_FALSE(is_there(digest));
}

TEST_F(Untagged, SignatureLivesAsLongAsItsImage) {
  const auto image = world_.push_image("a", "1", "image");
  const auto signature = untagged("signature", image.to_string());
  const auto of_signature = untagged("signature of the signature", signature.to_string());
  EXPECT_EQ(remove(), 0u);

  ASSERT_OK(world_.remover.tag(world_.context, world_.who, name("a"), tag("1")));
  EXPECT_EQ(remove(), 3u);
  for (const Digest& digest : {image, signature, of_signature}) EXPECT_FALSE(is_there(digest));
}

// Damage heals, if what it takes is still there.
TEST_F(Untagged, NothingGoesOverDamage) {
  const auto image = untagged("image");
  const auto blobs = World::image(world_.push_blob("a", "{}"), {}, image.to_string());
  const auto signature = world_.push("a", {}, blobs).value().digest;
  const auto mark = [&](const Digest& digest) {
    return world_.stores.meta.write(world_.context, [&](meta::Transaction& tx) -> Result<void> {
      TRY_ASSIGN(const auto home, tx.repositories().find(name("a")));
      TRY(tx.damage().mark_manifest(home.id, digest, world_.clock.wall()));
      return {};
    });
  };
  ASSERT_OK(mark(image));
  EXPECT_EQ(remove(), 0u);
  ASSERT_OK(mark(signature));
  EXPECT_EQ(remove(), 0u);
}

TEST_F(Untagged, ImageStaysWhileAReferrerOfItIsTagged) {
  const auto image = untagged("image");
  const auto blobs = World::image(world_.push_blob("a", "{}"), {}, image.to_string());
  ASSERT_OK(world_.push("a", {"sbom"}, blobs));
  EXPECT_EQ(remove(), 0u);
  EXPECT_TRUE(is_there(image));
}

// A multi-platform push sends the platforms first, the index that names them later.
TEST_F(Untagged, AnArchivedRepositoryStaysAsItIs) {
  const auto digest = untagged("layer");
  const auto archive = [&](bool archived) {
    ASSERT_OK(
        world_.metadata->store().write(world_.context, [&](meta::Transaction& tx) -> Result<void> {
          TRY_ASSIGN(const auto home, tx.repositories().find(name("a")));
          return tx.repositories().set_archived(home.id, archived);
        }));
  };
  archive(true);
  EXPECT_EQ(remove(), 0u);
  EXPECT_TRUE(is_there(digest));
  archive(false);
  EXPECT_EQ(remove(), 1u);
}

TEST_F(Untagged, YoungManifestStays) {
  const auto young = untagged("young");
  UntaggedManifests untagged(world_.stores, world_.remover);
  const auto before = world_.clock.wall() - std::chrono::hours(1);
  EXPECT_EQ(
      untagged.remove(world_.context, before, [](std::uint64_t) -> Result<void> { return {}; })
          .value(),
      0u);
  EXPECT_TRUE(is_there(young));
}

TEST_F(Untagged, ForesightSeesAllRoundsAndWhatBecomesFree) {
  const auto amd64 = untagged("amd64");
  const auto index = world_.push("a", {}, index_of({amd64})).value().digest;
  const auto signature = untagged("signature", index.to_string());
  world_.push_image("b", "1", "shared");
  untagged("shared");
  const auto kept = world_.push_image("a", "1", "kept");
  const auto gone = Foresight(world_.metadata->store())
                        .untagged(world_.context, world_.clock.wall(),
                                  [](std::uint64_t) -> Result<void> { return {}; })
                        .value();
  EXPECT_EQ(gone.count(), 4u);
  for (const Digest& digest : {amd64, index, signature}) {
    EXPECT_TRUE(gone.has(world_.id_of("a"), digest));
    EXPECT_TRUE(is_there(digest));
  }
  EXPECT_FALSE(gone.has(world_.id_of("a"), kept));
  EXPECT_TRUE(gone.sets_free(Digest::of("amd64")));
  EXPECT_TRUE(gone.sets_free(Digest::of("signature")));
  EXPECT_FALSE(gone.sets_free(Digest::of("shared")));
  EXPECT_FALSE(gone.sets_free(Digest::of("{}")));
}

// Its push again heals it, and everything must be there then.
TEST_F(Untagged, WhatADamagedManifestNamesStaysAndWhatIsAboutIt) {
  const auto amd64 = untagged("amd64");
  const auto index = world_.push("a", {"1"}, index_of({amd64})).value().digest;
  const auto signature = untagged("signature", index.to_string());
  ASSERT_OK(world_.write([&](meta::Transaction& tx) -> Result<void> {
    TRY(tx.damage().mark_manifest(world_.id_of("a"), index, world_.clock.wall()));
    return {};
  }));
  EXPECT_EQ(remove(), 0u);
  EXPECT_TRUE(is_there(amd64));
  EXPECT_TRUE(is_there(signature));
}

TEST_F(Untagged, ImageStaysWhileADamagedIndexNamesAReferrerOfIt) {
  const auto image = untagged("image");
  const auto signature = untagged("signature", image.to_string());
  const auto index = world_.push("a", {"1"}, index_of({signature})).value().digest;
  ASSERT_OK(world_.write([&](meta::Transaction& tx) -> Result<void> {
    TRY(tx.damage().mark_manifest(world_.id_of("a"), index, world_.clock.wall()));
    return {};
  }));
  EXPECT_EQ(remove(), 0u);
  EXPECT_TRUE(is_there(image));
}

TEST_F(Untagged, DeleteIsWrittenToTheJournal) {
  const auto free = untagged("free");
  EXPECT_EQ(remove(), 1u);
  const auto entries =
      world_.look([](const meta::Snapshot& s) { return s.journal().read(0, 100); }).value().entries;
  const auto& last = entries.back().event;
  EXPECT_EQ(last.kind, events::EventKind::ManifestDeleted);
  EXPECT_EQ(last.digest, free);
  EXPECT_EQ(last.actor, (events::Actor{events::ActorKind::System, "collector"}));
}

TEST_F(Untagged, EndsWhenTheCallerSaysSo) {
  for (int i = 0; i < 3; ++i) untagged(std::to_string(i));
  UntaggedManifests untagged(world_.stores, world_.remover);
  EXPECT_FAILS(Cancelled, untagged.remove(world_.context, world_.clock.wall(),
                                          [](std::uint64_t) -> Result<void> {
                                            return fail(ErrorCode::Cancelled, "enough");
                                          }));
}

}  // namespace
}  // namespace entrepot::collect
