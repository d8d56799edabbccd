#include "registry/quarantine.h"

#include <fcntl.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/testing/temporary_directory.h"
#include "blob/fs/store.h"
#include "blob/testing/faulty_store.h"
#include "registry/testing/world.h"

namespace entrepot::registry {
namespace {

using oci::Digest;
using testing::name;
using testing::World;

namespace stdfs = std::filesystem;

class QuarantineTest : public ::testing::Test {
 protected:
  // Writes other bytes where those of the manifest are at rest.
  void flip_manifest(const Digest& digest) {
    ASSERT_OK(world_.stores.meta.write(world_.context, [&](meta::Transaction& tx) -> Result<void> {
      const auto home = tx.repositories().find(name("app")).value();
      TRY_ASSIGN(const auto stored, tx.manifests().find(name("app"), digest));
      meta::NewManifest wrong{.repository = home.id,
                              .digest = digest,
                              .media_type = stored.manifest.media_type,
                              .bytes = stored.bytes,
                              .references = {},
                              .subject = {},
                              .artifact_type = {},
                              .annotations_json = {},
                              .pushed_at = {},
                              .pushed_by = {}};
      TRY_ASSIGN(wrong.references, tx.manifests().references(home.id, digest));
      wrong.bytes.back() = '!';
      return tx.damage().rewrite(wrong);
    }));
  }
  std::string damaged_lines() const {
    const std::string text = world_.metrics.to_text();
    std::string lines;
    for (std::size_t at = 0; (at = text.find("\nentrepot_damaged_total{", at)) != text.npos;) {
      const auto end = text.find('\n', at + 1);
      lines += text.substr(at + 24, end - at - 24) + ";";
      at = end;
    }
    return lines;
  }
  void expect_counted(int blobs, int manifests) const {
    EXPECT_EQ(damaged_lines(),
              fmt::format("kind=\"blob\"}} {};kind=\"manifest\"}} {};", blobs, manifests));
  }

  World world_;
};

// Whoever finds a blob short sets it aside; then it, and the image, are gone until both are back.
TEST_F(QuarantineTest, ShortBlobTakesItsImageAwayUntilItIsPushedAgain) {
  const Digest image = world_.push_image("app", "v1", "layer");
  ASSERT_OK(world_.pull("app", "v1"));  // now in the cache
  const Digest layer = Digest::of("layer");
  world_.blobs.damage(layer, "lay");
  EXPECT_FALSE(world_.has_blob("app", layer));
  expect_counted(1, 0);
  EXPECT_FALSE(world_.has_blob("app", layer));
  expect_counted(1, 0);
  EXPECT_FAILS(NotFound, world_.blobs.stat(world_.context, layer));
  EXPECT_EQ(world_.puller.manifest_from_memory("app", "v1"), nullptr);
  EXPECT_FAILS(NotFound, world_.pull("app", "v1"));
  EXPECT_FAILS(NotFound, world_.pull("app", image.to_string()));
  // It can neither be mounted nor counted on.
  EXPECT_FAILS(NotFound,
               world_.uploads.mount(world_.context, world_.who, name("b"), name("app"), layer));
  EXPECT_FAILS(MissingReference,
               world_.push("app", {"v2"}, World::image(Digest::of("{}"), {layer})));

  world_.push_blob("app", "layer");
  EXPECT_TRUE(world_.has_blob("app", layer));
  EXPECT_OK(world_.pull("app", "v1"));
  EXPECT_OK(world_.pull("app", image.to_string()));
}

TEST_F(QuarantineTest, MissingBlobIsNoticed) {
  world_.push_image("app", "v1", "layer");
  ASSERT_OK(world_.blobs.remove(world_.context, Digest::of("layer")));
  EXPECT_FALSE(world_.has_blob("app", Digest::of("layer")));
  expect_counted(1, 0);
  EXPECT_FAILS(NotFound, world_.pull("app", "v1"));
}

TEST_F(QuarantineTest, ChangedBytesAreBelievedOnlyAfterASecondLook) {
  world_.push_image("app", "v1", "layer");
  const Digest layer = Digest::of("layer");
  const auto report = [&] {
    return world_.quarantine.blob(world_.context, layer, {Symptom::WrongHash}).value();
  };
  EXPECT_EQ(report(), Finding::Fine);
  EXPECT_TRUE(world_.has_blob("app", layer));
  world_.blobs.damage(layer, "lAyer");
  EXPECT_EQ(report(), Finding::SetAside);
  EXPECT_EQ(report(), Finding::Known);
  expect_counted(1, 0);
  EXPECT_EQ(world_.quarantine.blob(world_.context, Digest::of("nobody's"), {Symptom::Missing}),
            Finding::Known);
}

TEST_F(QuarantineTest, FlippedManifestIsNotServedUntilItIsPushedAgain) {
  const Digest image = world_.push_image("app", "v1", "layer");
  const std::string bytes = world_.pull("app", "v1").value();
  flip_manifest(image);
  EXPECT_FAILS(NotFound, world_.pull("app", "v1"));
  EXPECT_FAILS(NotFound, world_.pull("app", image.to_string()));
  expect_counted(0, 1);
  // What it names stays: its layer is not for the collector.
  EXPECT_TRUE(world_.has_blob("app", Digest::of("layer")));
  EXPECT_FAILS(Conflict,
               world_.remover.blob(world_.context, world_.who, name("app"), Digest::of("layer")));
  ASSERT_OK(world_.push("app", {}, bytes));
  EXPECT_EQ(world_.pull("app", "v1").value(), bytes);
  expect_counted(0, 1);
}

// A push that nobody had to ask for heals, too, whether or not the damage was noticed.
TEST_F(QuarantineTest, PushHealsAManifestWhoseDamageNobodyNoticed) {
  const Digest image = world_.push_image("app", "v1", "layer");
  const std::string bytes = world_.pull("app", "v1").value();
  flip_manifest(image);
  ASSERT_OK(world_.push("app", {}, bytes));
  EXPECT_EQ(world_.pull("app", "v1").value(), bytes);
  expect_counted(0, 0);
}

// A store that cannot be reached now says nothing about what lies in it.
TEST_F(QuarantineTest, StoreThatIsAwayIsNotDamage) {
  world_.push_image("app", "v1", "layer");
  const Digest layer = Digest::of("layer");
  blob::testing::FaultyBlobStore blobs(world_.blobs);
  const Stores stores{blobs, world_.stores.meta, world_.cache, world_.locks, world_.clock};
  Quarantine quarantine(stores, world_.metrics);
  const Puller puller(stores, quarantine, kDefaultReviewDelay);
  blobs.fail_from(1, ErrorCode::Unavailable);
  EXPECT_FAILS(Unavailable, puller.blob(world_.context, name("app"), layer));
  EXPECT_FAILS(Unavailable, quarantine.blob(world_.context, layer, {Symptom::WrongHash}));
  // Error after error: the disk gives none of its blobs.
  blobs.fail_from(1, ErrorCode::Corrupt);
  EXPECT_FALSE(puller.blob(world_.context, name("app"), layer).has_value());
  blobs.heal();
  expect_counted(0, 0);
  EXPECT_TRUE(world_.has_blob("app", layer));
}

TEST_F(QuarantineTest, OneBlobThatCannotBeReadIsDamage) {
  world_.push_image("app", "v1", "layer");
  const Digest layer = Digest::of("layer");
  blob::testing::FaultyBlobStore blobs(world_.blobs);
  const Stores stores{blobs, world_.stores.meta, world_.cache, world_.locks, world_.clock};
  Quarantine quarantine(stores, world_.metrics);
  blobs.fail_call(1, ErrorCode::Corrupt);  // the second look at it
  EXPECT_EQ(quarantine.blob(world_.context, layer, {Symptom::Unreadable}), Finding::SetAside);
  expect_counted(1, 0);
}

// Nothing is half done: while the bytes cannot be moved no row changes, and a mark that could not
// be written is written at the next notice.
TEST_F(QuarantineTest, EveryStepMayFail) {
  world_.push_image("app", "v1", "layer");
  const Digest layer = Digest::of("layer");
  blob::testing::FaultyBlobStore blobs(world_.blobs);
  const Stores stores{blobs, world_.stores.meta, world_.cache, world_.locks, world_.clock};
  Quarantine quarantine(stores, world_.metrics);
  world_.blobs.damage(layer, "lay");
  for (std::size_t n = 1;; ++n) {
    blobs.fail_call(n, ErrorCode::Unavailable);
    const auto found = quarantine.blob(world_.context, layer, {Symptom::WrongSize});
    if (found) {
      EXPECT_EQ(*found, Finding::SetAside);
      EXPECT_EQ(n, 3u);
      break;
    }
    EXPECT_EQ(found.error().code, ErrorCode::Unavailable);
    expect_counted(0, 0);
    EXPECT_OK(world_.blobs.stat(world_.context, layer));
  }
  expect_counted(1, 0);
}

// With files, the second look costs no second reading: who replaced the file has healed it.
TEST(QuarantineOnFiles, FileThatAPushReplacedMeanwhileIsFine) {
  World world;
  entrepot::testing::TemporaryDirectory directory;
  const auto blobs = blob::fs::FsBlobStore::open({.directory = directory.path()}).value();
  const Stores stores{*blobs, world.stores.meta, world.cache, world.locks, world.clock};
  Quarantine quarantine(stores, world.metrics);
  Uploads uploads(stores, quarantine, {}, world.metrics);
  const Digest layer = Digest::of("layer");
  const auto push = [&] {
    const auto session = uploads.begin(name("app"), oci::HashAlgorithm::Sha256);
    auto upload = uploads.open(world.context, session).value();
    EXPECT_OK(upload->write(world.context, "layer"));
    EXPECT_OK(uploads.commit(world.context, world.who, session, *upload, layer));
  };
  push();
  auto before = blobs->open(world.context, layer).value();
  const Sighting seen{Symptom::WrongHash, before.file()->file};
  push();
  EXPECT_EQ(quarantine.blob(world.context, layer, seen), Finding::Fine);
  auto after = blobs->open(world.context, layer).value();
  const Sighting again{Symptom::WrongHash, after.file()->file};
  EXPECT_EQ(quarantine.blob(world.context, layer, again), Finding::SetAside);
  EXPECT_FALSE(stdfs::is_empty(directory / "entrepot/quarantine"));
}

}  // namespace
}  // namespace entrepot::registry
