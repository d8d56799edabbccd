#include "import/adopt.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "blob/testing/faulty_store.h"
#include "import/layout.h"
#include "import/testing/world.h"
#include "meta/testing/faulty_store.h"
#include "oci/testing/manifest_text.h"

namespace entrepot::import {
namespace {

namespace fs = std::filesystem;
using oci::Digest;
using testing::name;
using testing::OldRegistry;
using testing::tag;

class AdoptionTest : public ::testing::Test {
 protected:
  Adoption::Options in_small_batches() {
    auto options = world_.options();
    options.batch = 3;
    return options;
  }

  testing::World world_;
};

TEST_F(AdoptionTest, TagsManifestsAndBlobsAreServedAsTheyWere) {
  const auto first = world_.old.image("library/app", "1", {"one", "two"});
  const auto second = world_.old.image("library/app", "2", {"one", "three"});
  world_.old.image("tools/a/b/c", "latest", {"four"});
  world_.old.image("tools", "latest", {"one"});
  const auto report = world_.adopt();
  EXPECT_EQ(world_.repositories(),
            (std::vector<std::string>{"library/app", "tools", "tools/a/b/c"}));
  EXPECT_EQ(world_.tags("library/app"), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(world_.pull("library/app", "1").value(), OldRegistry::image_text({"one", "two"}));
  EXPECT_EQ(world_.pull("library/app", second.to_string()).value(),
            OldRegistry::image_text({"one", "three"}));
  EXPECT_EQ(world_.pull_blob("library/app", Digest::of("two")).value(), "two");
  EXPECT_FAILS(NotFound, world_.pull_blob("tools", Digest::of("two")));
  EXPECT_EQ(to_text(report), "3 repositories, 4 manifests, 4 tags, 8 links to blobs");
  EXPECT_NE(first, second);
}

TEST_F(AdoptionTest, FolderIsSetAsideAndNothingIsLeftToDo) {
  EXPECT_FALSE(world_.is_adoption_needed());
  world_.old.image("app", "1", {"one"});
  EXPECT_TRUE(world_.is_adoption_needed());
  world_.adopt();
  EXPECT_FALSE(world_.is_adoption_needed());
  EXPECT_FALSE(fs::exists(world_.old.repositories()));
  EXPECT_TRUE(
      fs::exists(world_.old.path("repositories.adopted/app/_manifests/tags/1/current/link")));
}

TEST_F(AdoptionTest, TimesAndTagHistoryAreKept) {
  const auto first = world_.old.image("app", "1", {"one"});
  const WallTime first_time = world_.old.last_time();
  const auto second = world_.old.image("app", "1", {"two"});
  const WallTime second_time = world_.old.last_time();
  world_.adopt();
  const auto moves = world_.history("app", "1");
  ASSERT_EQ(moves.size(), 2u);
  EXPECT_EQ(moves[0].digest, second);
  EXPECT_EQ(moves[0].at, second_time);
  EXPECT_EQ(moves[1].digest, first);
  EXPECT_EQ(moves[1].at, first_time - std::chrono::seconds(1));  // its index link came before
  const auto row = world_
                       .look([&](const meta::Snapshot& s) -> Result<meta::TagRow> {
                         TRY_ASSIGN(const auto home, s.repositories().find(name("app")));
                         return s.tags().find(home.id, tag("1"));
                       })
                       .value();
  EXPECT_EQ(row.moved_at, second_time);
}

TEST_F(AdoptionTest, ManifestWithASubjectIsListedAsItsReferrer) {
  const auto image = world_.old.image("app", "1", {"one"});
  const std::string subject = fmt::format(
      R"(,"artifactType":"application/vnd.example","subject":{{"mediaType":"{}","digest":"{}","size":{}}})",
      oci::media_type::kOciManifest, image.to_string(), OldRegistry::image_text({"one"}).size());
  world_.old.layer("app", "sbom");
  const auto referrer = world_.old.manifest("app", OldRegistry::image_text({"sbom"}, subject));
  // As clients write it where there is no referrers API.
  world_.old.tag("app", oci::referrers_tag(image),
                 world_.old.manifest("app", oci::testing::index_text(oci::testing::descriptor_text(
                                                oci::media_type::kOciManifest, "x"))));
  world_.adopt();
  const auto page =
      world_.puller.referrers(world_.context, name("app"), image, "", std::nullopt, 10).value();
  ASSERT_EQ(page.descriptors.size(), 1u);
  EXPECT_EQ(page.descriptors[0].digest, referrer);
  EXPECT_EQ(page.descriptors[0].artifact_type, "application/vnd.example");
}

TEST_F(AdoptionTest, MediaTypeComesFromTheBody) {
  const std::string docker = fmt::format(
      R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[]}})",
      oci::media_type::kDockerManifest,
      oci::testing::descriptor_text("application/vnd.docker.container.image.v1+json", "{}"));
  const std::string untyped = R"({"schemaVersion":2,"manifests":[]})";
  world_.old.layer("app", "{}");
  const auto one = world_.old.manifest("app", docker);
  const auto two = world_.old.manifest("app", untyped);
  world_.adopt();
  const auto type_of = [&](const Digest& digest) {
    return world_.puller.manifest(world_.context, name("app"), digest).value()->media_type;
  };
  EXPECT_EQ(type_of(one), oci::media_type::kDockerManifest);
  EXPECT_EQ(type_of(two), oci::media_type::kOciIndex);
}

// --- What can be wrong ---------------------------------------------------------------------------

TEST_F(AdoptionTest, Schema1IsLeftOutAndNothingItMayUseIsQueued) {
  world_.old.layer("old", "layer of schema 1");
  world_.old.layer("new", "unused");
  world_.old.manifest("old", R"({"schemaVersion":1,"name":"old","tag":"1","fsLayers":[]})");
  const auto report = world_.adopt();
  EXPECT_EQ(report.schema1, 1u);
  EXPECT_EQ(report.manifests, 0u);
  EXPECT_TRUE(world_.waits(Digest::of("unused")));
  EXPECT_FALSE(world_.waits(Digest::of("layer of schema 1")));
}

// Its own layers are named by a row that nobody is served, so they stay, whoever else lets go of
// them.
TEST_F(AdoptionTest, Schema1IsKeptAndHoldsItsLayersButIsNotServed) {
  const auto layer = world_.old.layer("old", "layer of schema 1");
  const auto manifest = world_.old.manifest(
      "old", fmt::format(R"({{"schemaVersion":1,"name":"old","fsLayers":[{{"blobSum":"{}"}}]}})",
                         layer.to_string()));
  world_.old.tag("old", "1", manifest);
  const auto report = world_.adopt();
  EXPECT_EQ(report.schema1, 1u);
  EXPECT_TRUE(
      world_.look([&](const meta::Snapshot& s) { return s.manifests().used_anywhere(layer); })
          .value());
  EXPECT_FAILS(NotFound, world_.pull("old", manifest.to_string()));
  EXPECT_FAILS(NotFound, world_.pull("old", "1"));
  EXPECT_TRUE(world_.tags("old").empty());
}

TEST_F(AdoptionTest, UnusedBlobIsQueuedUsedOneIsNot) {
  const auto manifest = world_.old.image("app", "1", {"used"});
  world_.old.layer("app", "unused");
  world_.old.layer("other", "used");  // unused there, used here
  world_.adopt();
  EXPECT_TRUE(world_.waits(Digest::of("unused")));
  EXPECT_FALSE(world_.waits(Digest::of("used")));
  EXPECT_FALSE(world_.waits(manifest));
}

TEST_F(AdoptionTest, LinksThatLeadNowhereAreCountedAndPassedOver) {
  const auto kept = world_.old.image("app", "kept", {"one"});
  world_.old.link_layer("app", digest_folder(Digest::of("gone")), Digest::of("gone").to_string());
  world_.old.link_layer("app", digest_folder(Digest::of("cut off")),
                        "");  // as a power cut leaves it
  world_.old.link_revision("app", Digest::of("gone manifest"));
  world_.old.tag("app", "dangling", Digest::of("gone manifest"));
  fs::create_directories(world_.old.repositories() + "/app/_manifests/tags/empty");
  fs::create_directories(world_.old.repositories() + "/app/_layers/sha256/unlinked");
  const auto report = world_.adopt();
  EXPECT_EQ(report.dangling, 4u);
  EXPECT_EQ(world_.tags("app"), (std::vector<std::string>{"kept"}));
  EXPECT_OK(world_.pull("app", kept.to_string()));
}

TEST_F(AdoptionTest, NamesThatAreNotValidAreCountedAndPassedOver) {
  world_.old.image("app", "1", {"one"});
  world_.old.image("App", "1", {"one"});
  world_.old.tag("app", "not a tag", world_.old.image("app", "2", {"two"}));
  const auto report = world_.adopt();
  EXPECT_EQ(report.unreadable, 2u);
  EXPECT_EQ(world_.repositories(), (std::vector<std::string>{"app"}));
  EXPECT_EQ(world_.tags("app"), (std::vector<std::string>{"1", "2"}));
}

TEST_F(AdoptionTest, FilesThatBelongToNoRepositoryAreIgnored) {
  world_.old.image("app", "1", {"one"});
  fs::create_directories(world_.old.repositories() + "/app/_uploads/some-id");
  fs::create_directories(world_.old.repositories() + "/only/_uploads/some-id");
  fs::create_directories(world_.old.repositories() + "/empty");
  world_.adopt();
  EXPECT_EQ(world_.repositories(), (std::vector<std::string>{"app"}));
}

TEST_F(AdoptionTest, ManifestWithOtherBytesIsSetAside) {
  const auto damaged = world_.old.image("app", "1", {"one"});
  const auto whole = world_.old.image("app", "2", {"one"});
  world_.old.damage(damaged,
                    OldRegistry::image_text({"one"}, R"(,"annotations":{"other":"bytes"})"));
  (void)whole;
  const auto other = world_.old.image("app", "3", {"two"});
  const auto report = world_.adopt();
  EXPECT_EQ(report.damaged, 1u);
  EXPECT_FAILS(NotFound, world_.blobs->stat(world_.context, damaged));
  EXPECT_OK(world_.pull("app", other.to_string()));
  EXPECT_FAILS(NotFound, world_.pull("app", "1"));
}

// A power cut under a registry that syncs nothing leaves short files.
TEST_F(AdoptionTest, BlobOfAWrongSizeIsSetAsideInEveryRepository) {
  world_.old.layer("aaa", "a whole layer");  // taken over before anybody tells its size
  const auto manifest = world_.old.image("app", "1", {"a whole layer"});
  const Digest layer = Digest::of("a whole layer");
  world_.old.damage(layer, "a wh");
  const auto report = world_.adopt();
  EXPECT_EQ(report.damaged, 1u);
  EXPECT_FAILS(NotFound, world_.blobs->stat(world_.context, layer));
  EXPECT_FAILS(NotFound, world_.pull_blob("aaa", layer));
  EXPECT_FAILS(NotFound, world_.pull_blob("app", layer));
  EXPECT_OK(world_.pull("app", manifest.to_string()));
}

TEST_F(AdoptionTest, ManifestThatLiesAboutASizeHarmsNobody) {
  world_.old.layer("app", "{}");
  const auto layer = world_.old.layer("app", "layer");
  std::string text = OldRegistry::image_text({"layer"});
  text.replace(text.find("\"size\":5"), 8, "\"size\":6");
  world_.old.manifest("app", text);
  const auto report = world_.adopt();
  EXPECT_EQ(report.damaged, 0u);
  EXPECT_EQ(world_.pull_blob("app", layer).value(), "layer");
}

TEST_F(AdoptionTest, Sha512OfALayerIsAnAlias) {
  const auto layer = world_.old.layer("app", "layer");
  const auto alias = Digest::of("layer", oci::HashAlgorithm::Sha512);
  world_.old.link_layer("app", digest_folder(alias), layer.to_string());
  world_.adopt();
  EXPECT_EQ(world_.pull_blob("app", alias).value(), "layer");
}

// --- Cut short, and again
// -------------------------------------------------------------------------

TEST_F(AdoptionTest, CutShortAtAnyWriteItGoesOnFromThere) {
  for (int i = 0; i < 5; ++i) {
    world_.old.image(fmt::format("r{}", i % 2), fmt::format("t{}", i),
                     {fmt::format("layer {}", i)});
  }
  world_.old.layer("r0", "unused");
  meta::testing::FaultyStore faulty(world_.metadata->store());
  int failures = 0;
  Result<AdoptReport> report = fail(ErrorCode::Internal, "not begun");
  while (!report) {
    ASSERT_LT(++failures, 100);
    // By turns the second write of a run fails, and its answer gets lost: each run does some work.
    if (failures % 2 == 0) faulty.fail_write(2);
    if (failures % 2 == 1) faulty.lose_answer_of_write(2);
    report = Adoption(*world_.blobs, faulty, world_.clock, in_small_batches()).run(world_.context);
  }
  EXPECT_GT(failures, 5);
  EXPECT_EQ(to_text(*report), "2 repositories, 5 manifests, 5 tags, 8 links to blobs");
  EXPECT_EQ(world_.tags("r0"), (std::vector<std::string>{"t0", "t2", "t4"}));
  EXPECT_EQ(world_.history("r0", "t2").size(), 1u);
  EXPECT_TRUE(world_.waits(Digest::of("unused")));
  EXPECT_FALSE(fs::exists(world_.old.repositories()));
}

TEST_F(AdoptionTest, CallOfTheBlobStoreThatFailsIsMadeAgainByTheNextRun) {
  world_.old.layer("aaa", "a whole layer");
  world_.old.image("app", "1", {"a whole layer", "another"});
  world_.old.damage(Digest::of("a whole layer"), "a wh");
  blob::testing::FaultyBlobStore faulty(*world_.blobs);
  std::size_t n = 0;
  Result<AdoptReport> report = fail(ErrorCode::Internal, "not begun");
  while (!report) {
    ASSERT_LT(++n, 100u);
    faulty.fail_call(n, ErrorCode::Unavailable, blob::testing::FaultyBlobStore::When::After);
    report = Adoption(faulty, world_.metadata->store(), world_.clock, in_small_batches())
                 .run(world_.context);
  }
  EXPECT_GT(n, 5u);
  EXPECT_FAILS(NotFound, world_.pull_blob("aaa", Digest::of("a whole layer")));
  EXPECT_FAILS(NotFound, world_.pull_blob("app", Digest::of("a whole layer")));
  EXPECT_EQ(world_.pull_blob("app", Digest::of("another")).value(), "another");
  EXPECT_OK(world_.pull("app", "1"));
}

TEST_F(AdoptionTest, CancelledAdoptionGoesOnLater) {
  for (int i = 0; i < 5; ++i) world_.old.image("app", fmt::format("t{}", i), {std::to_string(i)});
  Context cancelled;
  auto stopping = Adoption(*world_.blobs, world_.metadata->store(), world_.clock,
                           {.data = world_.directory.path(),
                            .review_delay = {},
                            .batch = 3,
                            .progress = [&](const Progress&) { cancelled.cancel(); }});
  EXPECT_FAILS(Cancelled, stopping.run(cancelled));
  EXPECT_TRUE(fs::exists(world_.old.repositories()));
  EXPECT_EQ(world_.adopt().tags, 5u);
  EXPECT_EQ(world_.tags("app").size(), 5u);
}

TEST_F(AdoptionTest, ProgressGrowsToItsTotal) {
  for (int i = 0; i < 5; ++i) world_.old.image("app", fmt::format("t{}", i), {std::to_string(i)});
  std::vector<Progress> told;
  Adoption(*world_.blobs, world_.metadata->store(), world_.clock,
           {.data = world_.directory.path(),
            .review_delay = {},
            .batch = 3,
            .progress = [&](const Progress& progress) { told.push_back(progress); }})
      .run(world_.context)
      .value();
  std::uint64_t last = 0;
  for (const Progress& progress : told) {
    if (progress.phase != "indexing") continue;
    EXPECT_GE(progress.done, last);
    EXPECT_EQ(progress.total, 16u);  // five images, each a manifest, a layer and a tag; one config
    last = progress.done;
  }
  EXPECT_GT(last, 10u);
}

TEST_F(AdoptionTest, FolderFoundLaterIsTakenOverOnTopAndTheLaterMoveHolds) {
  const auto first = world_.old.image("app", "there", {"one"});
  world_.old.image("app", "here", {"two"});
  world_.old.image("app", "same", {"three"});
  world_.adopt();
  const auto mine = world_
                        .look([&](const meta::Snapshot& s) {
                          return s.manifests().find(name("app"), tag("same"));
                        })
                        .value()
                        .manifest.digest;
  ASSERT_OK(
      world_.metadata->store().write(world_.context, [&](meta::Transaction& tx) -> Result<void> {
        TRY_ASSIGN(const auto home, tx.repositories().find(name("app")));
        TRY(tx.tags().move(home.id, tag("here"), mine, world_.clock.wall()));
        return {};
      }));
  // The old server ran again on an empty index.
  const auto second = world_.old.image("app", "there", {"four"});
  world_.old.image("app", "here", {"five"});
  world_.old.image("app", "same", {"three"});
  world_.old.image("new", "1", {"six"});
  world_.adopt();
  const auto digest_of = [&](const std::string& of) {
    return world_
        .look([&](const meta::Snapshot& s) { return s.manifests().find(name("app"), tag(of)); })
        .value()
        .manifest.digest;
  };
  EXPECT_EQ(digest_of("there"), second);
  EXPECT_EQ(digest_of("here"), mine);
  EXPECT_EQ(digest_of("same"), mine);
  EXPECT_OK(world_.pull("app", first.to_string()));
  EXPECT_OK(world_.pull("new", "1"));
  EXPECT_EQ(world_.history("app", "there").size(), 2u);
  EXPECT_EQ(world_.history("app", "same").size(), 1u);
  EXPECT_TRUE(fs::exists(world_.old.path("repositories.adopted-2/new")));
}

}  // namespace
}  // namespace entrepot::import
