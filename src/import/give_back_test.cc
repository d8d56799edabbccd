// What an adoption leaves out comes back with an export, but not what was deleted since.

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "import/export.h"
#include "import/layout.h"
#include "import/testing/world.h"
#include "oci/testing/manifest_text.h"
#include "registry/push.h"
#include "registry/remove.h"

namespace entrepot::import {
namespace {

namespace fs = std::filesystem;
using oci::Digest;
using testing::name;
using testing::OldRegistry;
using testing::tag;

std::map<std::string, std::string> files_below(const std::string& root) {
  std::map<std::string, std::string> files;
  for (const auto& entry : fs::recursive_directory_iterator(root)) {
    if (!entry.is_regular_file()) continue;
    std::ostringstream text;
    text << std::ifstream(entry.path(), std::ios::binary).rdbuf();
    files[fs::relative(entry.path(), root)] = text.str();
  }
  return files;
}

class GiveBackTest : public ::testing::Test {
 protected:
  std::map<std::string, std::string> exported(const std::string& target) {
    EXPECT_OK(
        Export(
            *world_.blobs, world_.metadata->store(),
            {.target = target, .in_place = target == world_.directory.path(), .progress = nullptr})
            .run(world_.context));
    return files_below(fmt::format("{}/{}/{}", target, kRegistryFolder, kRepositories));
  }
  Digest schema1(const std::string& repository, const std::string& layer) {
    const auto bytes = world_.old.layer(repository, layer);
    return world_.old.manifest(
        repository,
        fmt::format(R"({{"schemaVersion":1,"fsLayers":[{{"blobSum":"{}"}}]}})", bytes.to_string()));
  }
  void remove(const Digest& digest) {
    ASSERT_OK(remover_.manifest(world_.context, access::Subject::anonymous(), name("app"), digest));
  }
  static std::string tag_link(const std::string& tag) {
    return "app/_manifests/tags/" + tag + "/current/link";
  }

  testing::World world_;
  entrepot::testing::TemporaryDirectory elsewhere_;
  registry::Remover remover_{world_.stores, registry::kDefaultReviewDelay};
};

TEST_F(GiveBackTest, EveryLinkFileOfEveryKindComesBackWithItsTime) {
  world_.old.image("app", "good", {"one"});
  const auto old_one = schema1("app", "old layer");
  world_.old.tag("app", "schema1", old_one);
  const auto damaged = world_.old.image("app", "damaged", {"two"});
  world_.old.damage(damaged, "other bytes");
  world_.old.tag("app", "nowhere", Digest::of("nowhere"));
  world_.old.tag("app", ".bad-name", damaged);
  world_.old.link_revision("app", Digest::of("no file"));
  world_.old.link_layer("app", digest_folder(Digest::of("lost")), Digest::of("lost").to_string());
  world_.old.link_layer("app", digest_folder(Digest::of("garbage")), "garbage\n");
  world_.old.image("UPPER/case", "1", {"one"});
  const std::string child = OldRegistry::image_text({"one"}, R"(,"annotations":{"a":"b"})");
  world_.old.layer("app", child);
  world_.old.tag("app", "index",
                 world_.old.manifest("app", oci::testing::index_text(oci::testing::descriptor_text(
                                                oci::media_type::kOciManifest, child))));
  const auto before = files_below(world_.old.repositories());
  const auto link = world_.old.repositories() + "/" + tag_link("schema1");
  const auto time = fs::last_write_time(link);
  world_.adopt();

  const auto after = exported(elsewhere_.path());
  for (const auto& [path, text] : before) {
    EXPECT_EQ(after.contains(path) ? after.at(path) : "missing", text) << path;
  }
  // And nothing but the place that makes a child of an index a manifest for good.
  EXPECT_EQ(after.size(), before.size() + 1);
  EXPECT_EQ(fs::last_write_time(fmt::format("{}/{}/{}/{}", elsewhere_.path(), kRegistryFolder,
                                            kRepositories, tag_link("schema1"))),
            time);
  const auto blobs = files_below(fmt::format("{}/{}/blobs", elsewhere_.path(), kRegistryFolder));
  for (const Digest& digest : {old_one, Digest::of("old layer"), Digest::of(child)}) {
    const auto path = blob_path(digest).substr(std::string("docker/registry/v2/blobs/").size());
    EXPECT_TRUE(blobs.contains(path)) << path;
  }
}

TEST_F(GiveBackTest, WhatWasDeletedOrMovedSinceStaysSo) {
  const auto old_one = schema1("app", "old layer");
  world_.old.tag("app", "schema1", old_one);
  world_.old.tag("app", "again", Digest::of("nowhere"));
  const auto image = world_.old.image("app", "good", {"one"});
  const std::string child = OldRegistry::image_text({"one"}, R"(,"annotations":{"a":"b"})");
  world_.old.layer("app", child);
  world_.adopt();

  remove(old_one);
  registry::Pusher pusher(world_.stores, registry::MissingReferences::Refuse);
  ASSERT_OK(pusher.push(world_.context, access::Subject::anonymous(), name("app"),
                        {{}, {tag("again")}}, OldRegistry::image_text({"one"}), ""));
  ASSERT_OK(remover_.tag(world_.context, access::Subject::anonymous(), name("app"), tag("again")));
  remove(Digest::of(child));

  const auto after = exported(elsewhere_.path());
  EXPECT_FALSE(after.contains(tag_link("schema1")));
  EXPECT_FALSE(after.contains("app/_manifests/revisions/" + digest_folder(old_one) + "/link"));
  EXPECT_FALSE(after.contains(tag_link("again")));
  for (const std::string folder : {"_manifests/revisions/", "_layers/"}) {
    EXPECT_FALSE(after.contains("app/" + folder + digest_folder(Digest::of(child)) + "/link"));
  }
  EXPECT_EQ(after.at(tag_link("good")), image.to_string());
}

// The old registry has it all again; what it deletes then must not come from our memory.
TEST_F(GiveBackTest, AfterAnExportInPlaceTheOldRegistrysWordHolds) {
  world_.old.image("app", "good", {"one"});
  world_.old.tag("app", "schema1", schema1("app", "old layer"));
  world_.adopt();
  EXPECT_TRUE(exported(world_.directory.path()).contains(tag_link("schema1")));
  fs::remove_all(world_.old.repositories() + "/app/_manifests/tags/schema1");
  world_.adopt();
  EXPECT_FALSE(exported(elsewhere_.path()).contains(tag_link("schema1")));
}

TEST_F(GiveBackTest, BytesThatAreNamedButNotLinkedComeBack) {
  std::string text = OldRegistry::image_text({"other"});
  text.replace(text.find("\"size\":5"), 8, "\"size\":6");
  world_.old.blob("other");
  world_.old.manifest("app", text);
  world_.adopt();
  exported(elsewhere_.path());
  EXPECT_TRUE(fs::exists(elsewhere_ / blob_path(Digest::of("other"))));
}

}  // namespace
}  // namespace entrepot::import
