// What the old registry served is served as it was, whatever a strict reader thinks of it.

#include <filesystem>

#include <gtest/gtest.h>

#include "import/layout.h"
#include "import/testing/world.h"
#include "oci/testing/manifest_text.h"

namespace entrepot::import {
namespace {

namespace fs = std::filesystem;
using oci::Digest;
using oci::testing::descriptor_text;
using testing::name;
using testing::OldRegistry;

constexpr std::string_view kArtifact = "application/vnd.oci.artifact.manifest.v1+json";

class FaithfulTest : public ::testing::Test {
 protected:
  // An image of one layer, its text changed on the way.
  Digest changed(const std::string& tag, std::string_view from, std::string_view to) {
    world_.old.layer("app", "{}");
    world_.old.layer("app", "layer");
    std::string text = OldRegistry::image_text({"layer"});
    const auto at = text.find(from);
    EXPECT_NE(at, std::string::npos);
    return tagged(tag, text.replace(at, from.size(), to));
  }
  Digest tagged(const std::string& tag, const std::string& text) {
    const auto digest = world_.old.manifest("app", text);
    world_.old.tag("app", tag, digest);
    texts_[tag] = text;
    return digest;
  }
  std::string type_of(const std::string& reference) {
    return world_.puller
        .manifest(world_.context, name("app"), oci::parse_reference(reference).value())
        .value()
        ->media_type;
  }
  void expect_all_served() {
    for (const auto& [tag, text] : texts_) {
      EXPECT_EQ(world_.pull("app", tag).value_or("nothing"), text) << tag;
      EXPECT_EQ(world_.pull("app", Digest::of(text).to_string()).value_or("nothing"), text) << tag;
    }
    EXPECT_EQ(world_.tags("app").size(), texts_.size());
  }
  bool is_used(const Digest& digest) {
    return world_.look([&](const meta::Snapshot& s) { return s.manifests().used_anywhere(digest); })
        .value();
  }
  static std::string index(const std::string& children) {
    return oci::testing::index_text(children);
  }
  static std::string child(const std::string& text) {
    return descriptor_text(oci::media_type::kOciManifest, text);
  }

  testing::World world_;
  std::map<std::string, std::string> texts_;
};

TEST_F(FaithfulTest, ManifestsThatAStrictReaderRefusesAreServed) {
  changed("null-annotation", "\"layers\":", R"("annotations":{"k":null},"layers":)");
  changed("no-size", ",\"size\":5}]", "}]");
  changed("null-size", "\"size\":5}]", "\"size\":null}]");
  changed("text-size", "\"size\":5}]", "\"size\":\"5\"}]");
  changed("no-type", R"("mediaType":"application/vnd.oci.image.layer.v1.tar",)", "");
  changed("other-letters", "\"layers\"", "\"Layers\"");
  changed("twice", "\"layers\":", "\"layers\":null,\"layers\":");
  changed("no-version", "\"schemaVersion\":2,", "");
  changed("bad-utf-8", "\"layers\":", "\"x\":\"\xff\",\"layers\":");
  changed("deep",
          "\"layers\":", "\"x\":" + std::string(500, '[') + std::string(500, ']') + ",\"layers\":");
  changed("bad-subject", "\"layers\":", R"("subject":{"digest":"no"},"layers":)");
  changed("null-config", R"("config":)", R"("x":)");
  tagged("null-manifests", R"({"schemaVersion":2,"mediaType":")" +
                               std::string(oci::media_type::kOciIndex) + R"(","manifests":null})");
  tagged("null-layers", R"({"schemaVersion":2,"config":null,"layers":null})");
  tagged("no-json", "these are just bytes");
  const auto report = world_.adopt();
  expect_all_served();
  EXPECT_EQ(report.unreadable, 0u);
  EXPECT_EQ(report.manifests, texts_.size());
  EXPECT_EQ(type_of("null-manifests"), oci::media_type::kOciIndex);
  EXPECT_EQ(type_of("null-layers"), oci::media_type::kOciManifest);
  EXPECT_TRUE(is_used(Digest::of("layer")));
}

TEST_F(FaithfulTest, ReferencesOfEachAreCounted) {
  changed("no-size", ",\"size\":5}]", "}]");
  world_.old.layer("app", "unused");
  world_.adopt();
  EXPECT_TRUE(is_used(Digest::of("layer")));
  EXPECT_FALSE(world_.waits(Digest::of("layer")));
  EXPECT_TRUE(world_.waits(Digest::of("unused")));
}

TEST_F(FaithfulTest, ArtifactManifestIsServedWithItsTypeAndListedAsAReferrer) {
  const auto subject = world_.old.image("app", "image", {"one"});
  texts_["image"] = OldRegistry::image_text({"one"});
  world_.old.layer("app", "sbom");
  const std::string text = fmt::format(
      R"({{"mediaType":"{}","artifactType":"a/sbom","blobs":[{}],"subject":{}}})", kArtifact,
      descriptor_text("a/b", "sbom"), descriptor_text("x/y", OldRegistry::image_text({"one"})));
  const auto artifact = tagged("artifact", text);
  world_.adopt();
  expect_all_served();
  EXPECT_EQ(type_of("artifact"), kArtifact);
  EXPECT_TRUE(is_used(Digest::of("sbom")));
  const auto page =
      world_.puller.referrers(world_.context, name("app"), subject, "", std::nullopt, 10).value();
  ASSERT_EQ(page.descriptors.size(), 1u);
  EXPECT_EQ(page.descriptors[0].digest, artifact);
  EXPECT_EQ(page.descriptors[0].artifact_type, "a/sbom");
}

// --- Links that were lost ------------------------------------------------------------------------

TEST_F(FaithfulTest, BlobThatAManifestNamesIsLinkedWhereNoLinkIs) {
  world_.old.blob("{}");
  world_.old.blob("one");
  tagged("1", OldRegistry::image_text({"one"}));
  const auto report = world_.adopt();
  EXPECT_EQ(report.blobs, 2u);
  EXPECT_EQ(world_.pull_blob("app", Digest::of("one")).value(), "one");
  EXPECT_EQ(world_.pull_blob("app", Digest::of("{}")).value(), "{}");
  EXPECT_FALSE(world_.waits(Digest::of("one")));
}

TEST_F(FaithfulTest, BlobOfAnotherSizeOrThatStaysElsewhereIsNotLinked) {
  world_.old.blob("{}");
  world_.old.blob("foreign");
  world_.old.blob("other");
  std::string text = OldRegistry::image_text({"other"});
  text.replace(text.find("\"size\":5"), 8, "\"size\":6");
  tagged("other size", text);
  texts_.clear();
  tagged("foreign", oci::testing::image_text(
                        descriptor_text("a/b", "{}"),
                        descriptor_text("application/vnd.docker.image.rootfs.foreign.diff.tar.gzip",
                                        "foreign")));
  world_.adopt();
  EXPECT_FAILS(NotFound, world_.pull_blob("app", Digest::of("other")));
  EXPECT_FAILS(NotFound, world_.pull_blob("app", Digest::of("foreign")));
  EXPECT_OK(world_.pull_blob("app", Digest::of("{}")));
  EXPECT_TRUE(is_used(Digest::of("other")));
}

TEST_F(FaithfulTest, LinkThatIsThereKeepsItsTime) {
  world_.old.layer("app", "one");
  const WallTime then = world_.old.last_time();
  world_.old.blob("{}");
  tagged("1", OldRegistry::image_text({"one"}));
  world_.adopt();
  const auto at = world_
                      .look([&](const meta::Snapshot& s) -> Result<WallTime> {
                        TRY_ASSIGN(const auto home, s.repositories().find(name("app")));
                        return s.blobs().linked_at(home.id, Digest::of("one"));
                      })
                      .value();
  EXPECT_EQ(at, then);
}

// --- Children known as blobs ---------------------------------------------------------------------

TEST_F(FaithfulTest, ChildKnownAsALayerIsAManifestAtAnyDepth) {
  const std::string image = OldRegistry::image_text({"one"});
  world_.old.layer("app", "{}");
  world_.old.layer("app", "one");
  world_.old.layer("app", image);
  const std::string inner = index(child(image));
  world_.old.layer("app", inner);
  const std::string middle = index(child(inner));
  world_.old.blob(middle);  // no link at all
  tagged("1", index(child(middle)));
  world_.adopt();
  for (const std::string& text : {image, inner, middle}) {
    EXPECT_EQ(world_.pull("app", Digest::of(text).to_string()).value_or("nothing"), text);
    EXPECT_EQ(world_.pull_blob("app", Digest::of(text)).value_or("nothing"), text);
    EXPECT_TRUE(is_used(Digest::of(text)));
  }
  EXPECT_TRUE(is_used(Digest::of("one")));
  EXPECT_FALSE(world_.waits(Digest::of("one")));
}

// Distribution 2.1.0 linked manifests among the layers; all later ones look there, too.
TEST_F(FaithfulTest, TagOfAManifestKnownAsALayerLeadsThere) {
  const std::string image = OldRegistry::image_text({"one"});
  world_.old.layer("app", "{}");
  world_.old.layer("app", "one");
  world_.old.tag("app", "1", world_.old.layer("app", image));
  texts_["1"] = image;
  world_.adopt();
  expect_all_served();
}

TEST_F(FaithfulTest, DeletedChildAndLayersInAnIndexAreNoManifests) {
  const std::string image = OldRegistry::image_text({"one"});
  const Digest deleted = world_.old.blob(image);
  fs::create_directories(world_.old.repositories() + "/app/_manifests/revisions/" +
                         digest_folder(deleted));
  world_.old.layer("app", "\x1f\x8b a layer of BuildKit's cache");
  const std::string config = R"({"architecture":"amd64","config":{},"rootfs":{}})";
  world_.old.layer("app", config);
  tagged("1",
         index(child(image) + "," + descriptor_text("a/b", "\x1f\x8b a layer of BuildKit's cache") +
               "," + descriptor_text("a/c", config)));
  world_.adopt();
  EXPECT_FAILS(NotFound, world_.pull("app", deleted.to_string()));
  EXPECT_FAILS(NotFound, world_.pull("app", Digest::of(config).to_string()));
  EXPECT_OK(world_.pull_blob("app", Digest::of(config)));
  EXPECT_OK(world_.pull_blob("app", Digest::of("\x1f\x8b a layer of BuildKit's cache")));
}

TEST_F(FaithfulTest, ManyChildrenInSmallBatchesCutShortAnywhere) {
  std::string children;
  for (int i = 0; i < 20; ++i) {
    const std::string image =
        OldRegistry::image_text({}, fmt::format(R"(,"annotations":{{"n":"{}"}})", i));
    world_.old.layer("app", image);
    children += (i == 0 ? "" : ",") + child(image);
    texts_[Digest::of(image).to_string()] = image;
  }
  const auto top = world_.old.manifest("app", index(children));
  auto options = world_.options();
  options.batch = 3;
  for (int round = 0; round < 100; ++round) {
    Context context;
    options.progress = [&](const Progress&) { context.cancel(); };
    if (Adoption(*world_.blobs, world_.metadata->store(), world_.clock, options).run(context))
      break;
  }
  EXPECT_OK(world_.pull("app", top.to_string()));
  for (const auto& [digest, text] : texts_) {
    EXPECT_EQ(world_.pull("app", digest).value_or("nothing"), text);
  }
}

}  // namespace
}  // namespace entrepot::import
