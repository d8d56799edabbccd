#include "insight/image.h"

#include <gtest/gtest.h>

#include "registry/testing/world.h"

namespace entrepot::insight {
namespace {

using registry::testing::name;
using registry::testing::tag;

class ImageTest : public ::testing::Test {
 protected:
  std::string descriptor(std::string_view type, const oci::Digest& digest,
                         std::string_view platform = "") const {
    std::string text =
        fmt::format(R"({{"mediaType":"{}","digest":"{}","size":{})", type, digest.to_string(),
                    registry::testing::Sizes::of(digest.to_string()));
    if (!platform.empty()) {
      const auto slash = platform.find('/');
      text += fmt::format(R"(,"platform":{{"os":"{}","architecture":"{}"}})",
                          platform.substr(0, slash), platform.substr(slash + 1));
    }
    return text + "}";
  }
  // An image of these layers with this configuration; its digest.
  oci::Digest push_image(const std::vector<std::string>& tags, const std::string& config,
                         const std::vector<std::string>& layers) {
    std::vector<oci::Digest> digests;
    for (const auto& layer : layers) digests.push_back(world.push_blob("app", layer));
    const auto bytes = registry::testing::World::image(world.push_blob("app", config), digests);
    return world.push("app", tags, bytes).value().digest;
  }
  std::string index_of(const std::vector<std::pair<std::string, oci::Digest>>& children) const {
    std::string list;
    for (const auto& [platform, digest] : children) {
      list +=
          (list.empty() ? "" : ",") + descriptor(oci::media_type::kOciManifest, digest, platform);
    }
    return fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{}]}})",
                       oci::media_type::kOciIndex, list);
  }
  Result<Image> read(const std::string& reference, std::string_view platform = "") {
    return reader.read(world.context, name("app"), oci::parse_reference(reference).value(),
                       platform);
  }
  Result<TagPage> tags(meta::TagQuery query = {}) {
    return world.stores.meta.view<TagPage>(world.context, [&](const meta::Snapshot& snapshot) {
      return find_tags(snapshot, name("app"), query);
    });
  }

  registry::testing::World world;
  ImageReader reader{world.puller, world.stores.meta};
};

TEST_F(ImageTest, LayersHaveTheirInstructions) {
  const auto digest = push_image({"v1", "latest"}, R"({"os":"linux","architecture":"arm64",
      "rootfs":{"diff_ids":["sha256:a","sha256:b"]},
      "history":[{"created_by":"/bin/sh -c #(nop) ADD file:1 in / ","created":"2026-01-01T00:00:00Z"},
                 {"created_by":"ENV A=1","empty_layer":true},
                 {"created_by":"RUN /bin/sh -c make # buildkit"},
                 {"created_by":"CMD [\"x\"]","empty_layer":true}]})",
                                 {"one", "three"});
  const auto image = read("v1");
  ASSERT_OK(image);
  EXPECT_EQ(image->digest, digest);
  EXPECT_EQ(image->kind, Kind::Image);
  EXPECT_EQ(image->platform, "linux/arm64");
  EXPECT_EQ(image->tags, (std::vector<std::string>{"latest", "v1"}));
  ASSERT_EQ(image->layers.size(), 2u);
  EXPECT_EQ(image->layers[0].instruction, "ADD file:1 in /");
  EXPECT_EQ(image->layers[0].created_at, "2026-01-01T00:00:00Z");
  EXPECT_EQ(image->layers[0].diff_id, "sha256:a");
  EXPECT_EQ(image->layers[1].instruction, "RUN make");
  EXPECT_EQ(image->layers[1].descriptor.size_bytes, 5u);
  ASSERT_EQ(image->empty_steps.size(), 2u);
  EXPECT_EQ(image->empty_steps[0].before, 1u);
  EXPECT_EQ(image->empty_steps[1].instruction, "CMD [\"x\"]");
  EXPECT_EQ(image->empty_steps[1].before, 2u);
}

TEST_F(ImageTest, AHistoryThatDoesNotFitStandsApart) {
  push_image({"v1"}, R"({"history":[{"created_by":"only one"}]})", {"one", "two"});
  const auto image = read("v1");
  ASSERT_OK(image);
  EXPECT_FALSE(image->layers[0].instruction.has_value());
  ASSERT_EQ(image->empty_steps.size(), 1u);
  EXPECT_FALSE(image->empty_steps[0].before.has_value());
}

TEST_F(ImageTest, AConfigurationThatCannotBeReadIsLeftOut) {
  push_image({"v1"}, "no JSON", {"one"});
  const auto image = read("v1");
  ASSERT_OK(image);
  EXPECT_EQ(image->kind, Kind::Image);
  EXPECT_FALSE(image->config.has_value());
  EXPECT_EQ(image->layers.size(), 1u);
}

TEST_F(ImageTest, AnIndexShowsThePlatformThatIsAskedFor) {
  const auto arm = push_image({}, R"({"os":"linux","architecture":"arm64"})", {"arm"});
  const auto amd = push_image({}, R"({"os":"linux","architecture":"amd64"})", {"amd", "more"});
  ASSERT_EQ(
      world
          .push("app", {"v1"},
                index_of({{"unknown/unknown", arm}, {"linux/arm64", arm}, {"linux/amd64", amd}}))
          .has_value(),
      true);
  const auto usual = read("v1");
  ASSERT_OK(usual);
  EXPECT_EQ(usual->kind, Kind::Index);
  EXPECT_EQ(usual->platform, "linux/amd64");
  EXPECT_EQ(usual->layers.size(), 2u);
  ASSERT_EQ(usual->platforms.size(), 2u);  // an attestation is none
  EXPECT_EQ(usual->platforms[0].digest, arm);
  const auto asked = read("v1", "linux/arm64");
  ASSERT_OK(asked);
  EXPECT_EQ(asked->layers.size(), 1u);
  EXPECT_FAILS(NotFound, read("v1", "linux/s390x"));
  EXPECT_FAILS(NotFound, read("v2"));
}

TEST_F(ImageTest, ReferrersAreTold) {
  const auto digest = push_image({"v1"}, "{}", {"one"});
  const auto config = world.push_blob("app", "{}");
  ASSERT_OK(world.push("app", {}, registry::testing::World::image(config, {}, digest.to_string())));
  const auto image = read(digest.to_string());
  ASSERT_OK(image);
  EXPECT_EQ(image->referrers.size(), 1u);
}

TEST_F(ImageTest, TagsAreToldWithWhatTheyAre) {
  const auto arm = push_image({"arm"}, R"({"os":"linux","architecture":"arm64"})", {"12345"});
  ASSERT_OK(world.push("app", {"all"}, index_of({{"linux/arm64", arm}})));
  const auto page = tags();
  ASSERT_OK(page);
  ASSERT_EQ(page->tags.size(), 2u);
  EXPECT_FALSE(page->more);
  const TagSummary& index = page->tags[0];
  EXPECT_EQ(index.row.tag.str(), "all");
  EXPECT_EQ(index.contents.kind, Kind::Index);
  EXPECT_EQ(*index.contents.platforms, (std::vector<std::string>{"linux/arm64"}));
  EXPECT_EQ(index.contents.size_bytes, 5u);
  EXPECT_EQ(index.contents.layers->size(), 1u);
  const TagSummary& image = page->tags[1];
  EXPECT_EQ(image.contents.kind, Kind::Image);
  EXPECT_FALSE(image.contents.platforms.has_value());  // its configuration would say
  EXPECT_EQ(image.row.digest, arm);
  const auto first = tags({.limit = 1});
  ASSERT_OK(first);
  EXPECT_TRUE(first->more);
  EXPECT_EQ(first->tags.size(), 1u);
}

TEST_F(ImageTest, WhatIsTooLongIsNotLookedInto) {
  const auto layer = world.push_blob("app", "one");
  const auto config = world.push_blob("app", "{}");
  const auto push = [&](const std::string& tag, std::size_t layers) {
    const std::vector<oci::Digest> all(layers, layer);
    ASSERT_OK(world.push("app", {tag}, registry::testing::World::image(config, all)));
  };
  push("layers", Contents::kMostLayers + 1);
  push("long", 4000);
  const auto page = tags();
  ASSERT_OK(page);
  ASSERT_EQ(page->tags.size(), 2u);
  EXPECT_EQ(page->tags[0].contents.size_bytes, 3 * (Contents::kMostLayers + 1));
  EXPECT_FALSE(page->tags[0].contents.layers.has_value());
  EXPECT_EQ(page->tags[1].contents.kind, Kind::Unknown);
  EXPECT_FALSE(page->tags[1].contents.size_bytes.has_value());
  EXPECT_EQ(read("layers")->layers.size(), Contents::kMostLayers + 1);
  EXPECT_FAILS(TooLarge, read("long"));
}

TEST_F(ImageTest, ARepositoryThatIsNotThereHasNoTags) { EXPECT_FAILS(NotFound, tags()); }

}  // namespace
}  // namespace entrepot::insight
