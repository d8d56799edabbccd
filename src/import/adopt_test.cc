#include "import/adopt.h"

#include <filesystem>

#include <gtest/gtest.h>

#include "base/metrics.h"
#include "base/testing/assert_ok.h"
#include "base/testing/fake_clock.h"
#include "base/testing/temporary_directory.h"
#include "blob/fs/store.h"
#include "import/layout.h"
#include "import/testing/old_registry.h"
#include "meta/sqlite/testing/temporary_store.h"
#include "meta/testing/faulty_store.h"
#include "oci/testing/manifest_text.h"
#include "registry/pull.h"

namespace entrepot::import {
namespace {

namespace fs = std::filesystem;
using oci::Digest;
using testing::OldRegistry;

oci::RepositoryName name(std::string_view text) { return oci::RepositoryName::parse(text).value(); }
oci::Tag tag(std::string_view text) { return oci::Tag::parse(text).value(); }

class AdoptionTest : public ::testing::Test {
 protected:
  AdoptionTest()
      : old_(directory_.path()),
        metadata_(meta::sqlite::testing::open_temporary()),
        blobs_(blob::fs::FsBlobStore::open({.directory = directory_.path(), .reserve_bytes = 0})
                   .value()),
        cache_({}, metrics_),
        stores_{*blobs_, metadata_->store(), cache_, locks_, clock_},
        puller_(stores_, registry::kDefaultReviewDelay) {}

  Adoption adoption(meta::Store& meta, std::size_t batch = 500) {
    return Adoption(*blobs_, meta, clock_,
                    {.data = directory_.path(),
                     .review_delay = registry::kDefaultReviewDelay,
                     .batch = batch,
                     .progress = [this](const Progress& p) { told_.push_back(p.done); }});
  }
  AdoptReport adopt() {
    const auto report = adoption(metadata_->store()).run(context_);
    EXPECT_OK(report);
    return report ? *report : AdoptReport();
  }

  Result<std::string> pull(const std::string& repository, const std::string& reference) {
    TRY_ASSIGN(const auto manifest, puller_.manifest(context_, name(repository),
                                                     oci::parse_reference(reference).value()));
    return *manifest->bytes;
  }
  Result<std::string> pull_blob(const std::string& repository, const Digest& digest) {
    TRY_ASSIGN(auto blob, puller_.blob(context_, name(repository), digest));
    return read_all(context_, blob.bytes, 1000);
  }
  std::vector<std::string> tags(const std::string& repository) {
    return puller_.tags(context_, name(repository), "", 1000).value().names;
  }
  std::vector<std::string> repositories() {
    return puller_.repositories(context_, "", 1000).value().names;
  }
  template <class Look>
  auto look(Look&& look) -> std::invoke_result_t<Look, const meta::Snapshot&> {
    using Value = typename std::invoke_result_t<Look, const meta::Snapshot&>::value_type;
    return metadata_->store().view<Value>(context_, look);
  }
  bool waits(const Digest& digest) {
    return look([&](const meta::Snapshot& s) { return s.reviews().contains(digest); }).value();
  }
  std::vector<meta::TagMove> history(const std::string& repository, const std::string& of) {
    return look([&](const meta::Snapshot& s) -> Result<std::vector<meta::TagMove>> {
             TRY_ASSIGN(const auto home, s.repositories().find(name(repository)));
             return s.tags().history(home.id, tag(of), 100);
           })
        .value();
  }

  entrepot::testing::TemporaryDirectory directory_;
  OldRegistry old_;
  entrepot::testing::FakeClock clock_;
  std::unique_ptr<meta::sqlite::testing::TemporaryStore> metadata_;
  std::unique_ptr<blob::fs::FsBlobStore> blobs_;
  metrics::Registry metrics_;
  registry::HotCache cache_;
  registry::DigestLocks locks_;
  registry::Stores stores_;
  registry::Puller puller_;
  Context context_;
  std::vector<std::uint64_t> told_;
};

TEST_F(AdoptionTest, TagsManifestsAndBlobsAreServedAsTheyWere) {
  const auto first = old_.image("library/app", "1", {"one", "two"});
  const auto second = old_.image("library/app", "2", {"one", "three"});
  old_.image("tools/a/b/c", "latest", {"four"});
  old_.image("tools", "latest", {"one"});
  const auto report = adopt();
  EXPECT_EQ(repositories(), (std::vector<std::string>{"library/app", "tools", "tools/a/b/c"}));
  EXPECT_EQ(tags("library/app"), (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(pull("library/app", "1").value(), OldRegistry::image_text({"one", "two"}));
  EXPECT_EQ(pull("library/app", second.to_string()).value(),
            OldRegistry::image_text({"one", "three"}));
  EXPECT_EQ(pull_blob("library/app", Digest::of("two")).value(), "two");
  EXPECT_FAILS(NotFound, pull_blob("tools", Digest::of("two")));
  EXPECT_EQ(to_text(report), "3 repositories, 4 manifests, 4 tags, 8 links to blobs");
  EXPECT_NE(first, second);
}

TEST_F(AdoptionTest, FolderIsSetAsideAndNothingIsLeftToDo) {
  EXPECT_FALSE(adoption(metadata_->store()).is_needed());
  old_.image("app", "1", {"one"});
  EXPECT_TRUE(adoption(metadata_->store()).is_needed());
  adopt();
  EXPECT_FALSE(adoption(metadata_->store()).is_needed());
  EXPECT_FALSE(fs::exists(old_.repositories()));
  EXPECT_TRUE(fs::exists(old_.path("repositories.adopted/app/_manifests/tags/1/current/link")));
}

TEST_F(AdoptionTest, TimesAndTagHistoryAreKept) {
  const auto first = old_.image("app", "1", {"one"});
  const WallTime first_time = old_.last_time();
  const auto second = old_.image("app", "1", {"two"});
  const WallTime second_time = old_.last_time();
  adopt();
  const auto moves = history("app", "1");
  ASSERT_EQ(moves.size(), 2u);
  EXPECT_EQ(moves[0].digest, second);
  EXPECT_EQ(moves[0].at, second_time);
  EXPECT_EQ(moves[1].digest, first);
  EXPECT_EQ(moves[1].at, first_time - std::chrono::seconds(1));  // its index link came before
  const auto row = look([&](const meta::Snapshot& s) -> Result<meta::TagRow> {
                     TRY_ASSIGN(const auto home, s.repositories().find(name("app")));
                     return s.tags().find(home.id, tag("1"));
                   }).value();
  EXPECT_EQ(row.moved_at, second_time);
}

TEST_F(AdoptionTest, ManifestWithASubjectIsListedAsItsReferrer) {
  const auto image = old_.image("app", "1", {"one"});
  const std::string subject = fmt::format(
      R"(,"artifactType":"application/vnd.example","subject":{{"mediaType":"{}","digest":"{}","size":{}}})",
      oci::media_type::kOciManifest, image.to_string(), OldRegistry::image_text({"one"}).size());
  old_.layer("app", "sbom");
  const auto referrer = old_.manifest("app", OldRegistry::image_text({"sbom"}, subject));
  // As clients write it where there is no referrers API.
  old_.tag("app", oci::referrers_tag(image),
           old_.manifest("app", oci::testing::index_text(oci::testing::descriptor_text(
                                    oci::media_type::kOciManifest, "x"))));
  adopt();
  const auto page = puller_.referrers(context_, name("app"), image, "", std::nullopt, 10).value();
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
  old_.layer("app", "{}");
  const auto one = old_.manifest("app", docker);
  const auto two = old_.manifest("app", untyped);
  adopt();
  const auto type_of = [&](const Digest& digest) {
    return puller_.manifest(context_, name("app"), digest).value()->media_type;
  };
  EXPECT_EQ(type_of(one), oci::media_type::kDockerManifest);
  EXPECT_EQ(type_of(two), oci::media_type::kOciIndex);
}

// --- What can be wrong ---------------------------------------------------------------------------

TEST_F(AdoptionTest, Schema1IsLeftOutAndNothingItMayUseIsQueued) {
  old_.layer("old", "layer of schema 1");
  old_.layer("new", "unused");
  old_.manifest("old", R"({"schemaVersion":1,"name":"old","tag":"1","fsLayers":[]})");
  const auto report = adopt();
  EXPECT_EQ(report.schema1, 1u);
  EXPECT_EQ(report.manifests, 0u);
  EXPECT_TRUE(waits(Digest::of("unused")));
  EXPECT_FALSE(waits(Digest::of("layer of schema 1")));
}

TEST_F(AdoptionTest, UnusedBlobIsQueuedUsedOneIsNot) {
  const auto manifest = old_.image("app", "1", {"used"});
  old_.layer("app", "unused");
  old_.layer("other", "used");  // unused there, used here
  adopt();
  EXPECT_TRUE(waits(Digest::of("unused")));
  EXPECT_FALSE(waits(Digest::of("used")));
  EXPECT_FALSE(waits(manifest));
}

TEST_F(AdoptionTest, LinksThatLeadNowhereAreCountedAndPassedOver) {
  const auto kept = old_.image("app", "kept", {"one"});
  old_.link_layer("app", digest_folder(Digest::of("gone")), Digest::of("gone").to_string());
  old_.link_layer("app", digest_folder(Digest::of("cut off")), "");  // as a power cut leaves it
  old_.link_revision("app", Digest::of("gone manifest"));
  old_.tag("app", "dangling", Digest::of("gone manifest"));
  fs::create_directories(old_.repositories() + "/app/_manifests/tags/empty");
  fs::create_directories(old_.repositories() + "/app/_layers/sha256/unlinked");
  const auto report = adopt();
  EXPECT_EQ(report.dangling, 4u);
  EXPECT_EQ(tags("app"), (std::vector<std::string>{"kept"}));
  EXPECT_OK(pull("app", kept.to_string()));
}

TEST_F(AdoptionTest, NamesThatAreNotValidAreCountedAndPassedOver) {
  old_.image("app", "1", {"one"});
  old_.image("App", "1", {"one"});
  old_.tag("app", "not a tag", old_.image("app", "2", {"two"}));
  const auto report = adopt();
  EXPECT_EQ(report.unreadable, 2u);
  EXPECT_EQ(repositories(), (std::vector<std::string>{"app"}));
  EXPECT_EQ(tags("app"), (std::vector<std::string>{"1", "2"}));
}

TEST_F(AdoptionTest, FilesThatBelongToNoRepositoryAreIgnored) {
  old_.image("app", "1", {"one"});
  fs::create_directories(old_.repositories() + "/app/_uploads/some-id");
  fs::create_directories(old_.repositories() + "/only/_uploads/some-id");
  fs::create_directories(old_.repositories() + "/empty");
  adopt();
  EXPECT_EQ(repositories(), (std::vector<std::string>{"app"}));
}

TEST_F(AdoptionTest, ManifestWithOtherBytesIsSetAside) {
  const auto damaged = old_.image("app", "1", {"one"});
  const auto whole = old_.image("app", "2", {"one"});
  old_.damage(damaged, OldRegistry::image_text({"one"}, R"(,"annotations":{"other":"bytes"})"));
  (void)whole;
  const auto other = old_.image("app", "3", {"two"});
  const auto report = adopt();
  EXPECT_EQ(report.damaged, 1u);
  EXPECT_FAILS(NotFound, blobs_->stat(context_, damaged));
  EXPECT_OK(pull("app", other.to_string()));
  EXPECT_FAILS(NotFound, pull("app", "1"));
}

// A power cut under a registry that syncs nothing leaves short files.
TEST_F(AdoptionTest, BlobOfAWrongSizeIsSetAsideInEveryRepository) {
  old_.layer("aaa", "a whole layer");  // taken over before anybody tells its size
  const auto manifest = old_.image("app", "1", {"a whole layer"});
  const Digest layer = Digest::of("a whole layer");
  old_.damage(layer, "a wh");
  const auto report = adopt();
  EXPECT_EQ(report.damaged, 1u);
  EXPECT_FAILS(NotFound, blobs_->stat(context_, layer));
  EXPECT_FAILS(NotFound, pull_blob("aaa", layer));
  EXPECT_FAILS(NotFound, pull_blob("app", layer));
  EXPECT_OK(pull("app", manifest.to_string()));
}

TEST_F(AdoptionTest, ManifestThatLiesAboutASizeHarmsNobody) {
  old_.layer("app", "{}");
  const auto layer = old_.layer("app", "layer");
  std::string text = OldRegistry::image_text({"layer"});
  text.replace(text.find("\"size\":5"), 8, "\"size\":6");
  old_.manifest("app", text);
  const auto report = adopt();
  EXPECT_EQ(report.damaged, 0u);
  EXPECT_EQ(pull_blob("app", layer).value(), "layer");
}

TEST_F(AdoptionTest, Sha512OfALayerIsAnAlias) {
  const auto layer = old_.layer("app", "layer");
  const auto alias = Digest::of("layer", oci::HashAlgorithm::Sha512);
  old_.link_layer("app", digest_folder(alias), layer.to_string());
  adopt();
  EXPECT_EQ(pull_blob("app", alias).value(), "layer");
}

// --- Cut short, and again
// -------------------------------------------------------------------------

TEST_F(AdoptionTest, CutShortAtAnyWriteItGoesOnFromThere) {
  for (int i = 0; i < 5; ++i) {
    old_.image(fmt::format("r{}", i % 2), fmt::format("t{}", i), {fmt::format("layer {}", i)});
  }
  old_.layer("r0", "unused");
  meta::testing::FaultyStore faulty(metadata_->store());
  int failures = 0;
  Result<AdoptReport> report = fail(ErrorCode::Internal, "not begun");
  while (!report) {
    ASSERT_LT(++failures, 100);
    // By turns the second write of a run fails, and its answer gets lost: each run does some work.
    if (failures % 2 == 0) faulty.fail_write(2);
    if (failures % 2 == 1) faulty.lose_answer_of_write(2);
    report = adoption(faulty, 3).run(context_);
  }
  EXPECT_GT(failures, 5);
  EXPECT_EQ(to_text(*report), "2 repositories, 5 manifests, 5 tags, 8 links to blobs");
  EXPECT_EQ(tags("r0"), (std::vector<std::string>{"t0", "t2", "t4"}));
  EXPECT_EQ(history("r0", "t2").size(), 1u);
  EXPECT_TRUE(waits(Digest::of("unused")));
  EXPECT_FALSE(fs::exists(old_.repositories()));
}

TEST_F(AdoptionTest, CancelledAdoptionGoesOnLater) {
  for (int i = 0; i < 5; ++i) old_.image("app", fmt::format("t{}", i), {std::to_string(i)});
  Context cancelled;
  auto stopping = Adoption(
      *blobs_, metadata_->store(), clock_,
      {.data = directory_.path(), .review_delay = {}, .batch = 3, .progress = [&](const Progress&) {
         cancelled.cancel();
       }});
  EXPECT_FAILS(Cancelled, stopping.run(cancelled));
  EXPECT_TRUE(fs::exists(old_.repositories()));
  EXPECT_EQ(adopt().tags, 5u);
  EXPECT_EQ(tags("app").size(), 5u);
}

TEST_F(AdoptionTest, ProgressGrowsToItsTotal) {
  for (int i = 0; i < 5; ++i) old_.image("app", fmt::format("t{}", i), {std::to_string(i)});
  std::vector<Progress> told;
  Adoption(*blobs_, metadata_->store(), clock_,
           {.data = directory_.path(),
            .review_delay = {},
            .batch = 3,
            .progress = [&](const Progress& progress) { told.push_back(progress); }})
      .run(context_)
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
  const auto first = old_.image("app", "there", {"one"});
  old_.image("app", "here", {"two"});
  old_.image("app", "same", {"three"});
  adopt();
  const auto mine =
      look([&](const meta::Snapshot& s) { return s.manifests().find(name("app"), tag("same")); })
          .value()
          .manifest.digest;
  ASSERT_OK(metadata_->store().write(context_, [&](meta::Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const auto home, tx.repositories().find(name("app")));
    TRY(tx.tags().move(home.id, tag("here"), mine, clock_.wall()));
    return {};
  }));
  // The old server ran again on an empty index.
  const auto second = old_.image("app", "there", {"four"});
  old_.image("app", "here", {"five"});
  old_.image("app", "same", {"three"});
  old_.image("new", "1", {"six"});
  adopt();
  const auto digest_of = [&](const std::string& of) {
    return look([&](const meta::Snapshot& s) { return s.manifests().find(name("app"), tag(of)); })
        .value()
        .manifest.digest;
  };
  EXPECT_EQ(digest_of("there"), second);
  EXPECT_EQ(digest_of("here"), mine);
  EXPECT_EQ(digest_of("same"), mine);
  EXPECT_OK(pull("app", first.to_string()));
  EXPECT_OK(pull("new", "1"));
  EXPECT_EQ(history("app", "there").size(), 2u);
  EXPECT_EQ(history("app", "same").size(), 1u);
  EXPECT_TRUE(fs::exists(old_.path("repositories.adopted-2/new")));
}

}  // namespace
}  // namespace entrepot::import
