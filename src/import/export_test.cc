#include "import/export.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include <gtest/gtest.h>

#include "import/layout.h"
#include "import/testing/world.h"
#include "registry/push.h"
#include "registry/remove.h"
#include "registry/uploads.h"

namespace entrepot::import {
namespace {

namespace fs = std::filesystem;
using oci::Digest;
using testing::name;
using testing::OldRegistry;
using testing::tag;

// Every file below `root`, by its path there.
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

class ExportTest : public ::testing::Test {
 protected:
  Result<ExportReport> export_to(const std::string& target) {
    return Export(*world_.blobs, world_.metadata->store(),
                  {.target = target,
                   .in_place = target == world_.directory.path(),
                   .progress = nullptr})
        .run(world_.context);
  }
  std::string below(const std::string& target, const std::string& path) {
    return fmt::format("{}/{}/{}", target, kRegistryFolder, path);
  }

  testing::World world_;
  entrepot::testing::TemporaryDirectory elsewhere_;
};

TEST_F(ExportTest, WhatWasAdoptedIsWrittenAsItWas) {
  world_.old.image("library/app", "1", {"one", "two"});
  world_.old.image("library/app", "1", {"one", "three"});
  world_.old.image("library/app", "2", {"one"});
  world_.old.image("tools/a/b", "latest", {"four"});
  const auto before = files_below(world_.old.path(""));
  world_.adopt();
  const auto report = export_to(elsewhere_.path()).value();
  EXPECT_EQ(files_below(below(elsewhere_.path(), "")), before);
  EXPECT_EQ(to_text(report), "2 repositories, 4 manifests, 3 tags, 6 links to blobs");
}

TEST_F(ExportTest, TimesAreKept) {
  world_.old.image("app", "1", {"one"});
  const auto link = "repositories/app/_manifests/tags/1/current/link";
  const auto time = fs::last_write_time(world_.old.path(link));
  world_.adopt();
  ASSERT_OK(export_to(elsewhere_.path()));
  EXPECT_EQ(fs::last_write_time(below(elsewhere_.path(), link)), time);
}

TEST_F(ExportTest, BlobsAreHardLinksElsewhereAndStayWhereTheyAreInPlace) {
  world_.old.image("app", "1", {"one"});
  world_.adopt();
  const std::string file = world_.directory / blob_path(Digest::of("one"));
  const auto links = [&] {
    struct stat status {};
    EXPECT_EQ(::stat(file.c_str(), &status), 0);
    return status.st_nlink;
  };
  EXPECT_EQ(export_to(elsewhere_.path())->copied_bytes, 0u);
  EXPECT_EQ(links(), 2u);
  ASSERT_OK(export_to(world_.directory.path()));
  EXPECT_EQ(links(), 2u);
  EXPECT_TRUE(fs::exists(world_.old.repositories() + "/app/_manifests/tags/1/current/link"));
}

TEST_F(ExportTest, BlobsAreCopiedToAnotherFileSystem) {
  if (!fs::exists("/dev/shm")) GTEST_SKIP() << "there is no second file system here";
  const entrepot::testing::TemporaryDirectory memory("/dev/shm");
  world_.old.image("app", "1", {"one"});
  world_.adopt();
  const auto report = export_to(memory.path()).value();
  EXPECT_EQ(report.copied_bytes, 5u);  // "{}" and "one"
  EXPECT_EQ(files_below(below(memory.path(), "blobs")), files_below(world_.old.path("blobs")));
}

// What came after the adoption, and what went.
TEST_F(ExportTest, PushedMovedAndDeletedThingsAreAsTheyAreNow) {
  registry::Uploads uploads(world_.stores, world_.quarantine, {}, world_.metrics);
  registry::Pusher pusher(world_.stores, registry::MissingReferences::Refuse);
  registry::Remover remover(world_.stores, registry::kDefaultReviewDelay);
  const auto who = access::Subject::anonymous();
  const auto deleted = world_.old.image("app", "deleted", {"one"});
  const auto old = world_.old.image("app", "moved", {"two"});
  world_.adopt();
  ASSERT_OK(remover.manifest(world_.context, who, name("app"), deleted));
  for (const std::string bytes : {"{}", "pushed"}) {
    const auto session = uploads.begin(name("new"), oci::HashAlgorithm::Sha512);
    auto upload = uploads.open(world_.context, session).value();
    ASSERT_OK(upload->write(world_.context, bytes));
    ASSERT_OK(uploads.commit(world_.context, who, session, *upload,
                             Digest::of(bytes, oci::HashAlgorithm::Sha512)));
  }
  std::string text = OldRegistry::image_text({"pushed"});
  const auto sha512 = Digest::of("pushed", oci::HashAlgorithm::Sha512).to_string();
  text.replace(text.find(Digest::of("pushed").to_string()), 71, sha512);
  const auto pushed =
      pusher.push(world_.context, who, name("new"), {{}, {tag("1")}}, text, "").value();
  const std::string again = OldRegistry::image_text({"two"}, R"(,"annotations":{"new":"one"})");
  ASSERT_OK(pusher.push(world_.context, who, name("app"), {{}, {tag("moved")}}, again, ""));

  ASSERT_OK(export_to(world_.directory.path()));
  const auto files = files_below(world_.old.repositories());
  EXPECT_FALSE(files.contains("app/_manifests/tags/deleted/current/link"));
  EXPECT_FALSE(files.contains("app/_manifests/revisions/" + digest_folder(deleted) + "/link"));
  EXPECT_EQ(files.at("app/_manifests/tags/moved/current/link"), Digest::of(again).to_string());
  EXPECT_TRUE(files.contains("app/_manifests/tags/moved/index/" + digest_folder(old) + "/link"));
  EXPECT_EQ(files.at("new/_manifests/tags/1/current/link"), pushed.digest.to_string());
  const auto alias = digest_folder(Digest::of("pushed", oci::HashAlgorithm::Sha512));
  EXPECT_EQ(files.at("new/_layers/" + alias + "/link"), Digest::of("pushed").to_string());
  EXPECT_EQ(
      files_below(world_.old.path("blobs"))
          .at(blob_path(pushed.digest).substr(std::string("docker/registry/v2/blobs/").size())),
      text);
}

TEST_F(ExportTest, AdoptedAgainItIsTheSame) {
  world_.old.image("app", "1", {"one"});
  const auto second = world_.old.image("app", "1", {"two"});
  world_.adopt();
  const auto history = world_.history("app", "1");
  ASSERT_OK(export_to(world_.directory.path()));
  const auto report = world_.adopt();  // on top: nothing new
  EXPECT_EQ(report.tags, 0u);
  EXPECT_EQ(report.manifests, 0u);
  EXPECT_EQ(world_.digest_of("app", "1"), second);
  EXPECT_EQ(world_.history("app", "1").size(), history.size());
}

// The blob store keeps blobs by their sha256 alone, manifests may have another digest.
TEST_F(ExportTest, ManifestOfASha512IsWrittenAndTakenOver) {
  registry::Pusher pusher(world_.stores, registry::MissingReferences::Accept);
  const std::string text = OldRegistry::image_text({"one"});
  const auto digest = Digest::of(text, oci::HashAlgorithm::Sha512);
  ASSERT_OK(pusher.push(world_.context, access::Subject::anonymous(), name("app"),
                        {digest, {tag("1")}}, text, ""));
  ASSERT_OK(export_to(world_.directory.path()));
  world_.metadata = meta::sqlite::testing::open_temporary();
  EXPECT_EQ(to_text(world_.adopt()), "1 repositories, 1 manifests, 1 tags, 0 links to blobs");
  EXPECT_EQ(world_.digest_of("app", "1"), digest);
}

TEST_F(ExportTest, IndexThatIsThereIsNotTouched) {
  world_.old.image("app", "1", {"one"});
  world_.adopt();
  ASSERT_OK(export_to(elsewhere_.path()));
  EXPECT_FAILS(AlreadyExists, export_to(elsewhere_.path()));
}

TEST_F(ExportTest, AttemptThatWasCutShortShowsNothingAndIsDoneAnew) {
  world_.old.image("app", "1", {"one"});
  world_.old.image("app", "2", {"two"});
  world_.adopt();
  Context cancelled;
  cancelled.cancel();
  EXPECT_FAILS(Cancelled,
               Export(*world_.blobs, world_.metadata->store(),
                      {.target = elsewhere_.path(), .in_place = false, .progress = nullptr})
                   .run(cancelled));
  EXPECT_FALSE(fs::exists(below(elsewhere_.path(), "repositories")));
  std::ofstream(below(elsewhere_.path(), "repositories.exporting/left over")) << "x";
  ASSERT_OK(export_to(elsewhere_.path()));
  EXPECT_FALSE(fs::exists(below(elsewhere_.path(), "repositories/left over")));
  EXPECT_FALSE(fs::exists(below(elsewhere_.path(), "repositories.exporting")));
}

TEST_F(ExportTest, BlobThatIsNotOnTheDiskIsCounted) {
  world_.old.image("app", "1", {"one"});
  world_.adopt();
  ASSERT_OK(world_.blobs->remove(world_.context, Digest::of("one")));
  EXPECT_EQ(export_to(elsewhere_.path())->missing, 1u);
}

}  // namespace
}  // namespace entrepot::import
