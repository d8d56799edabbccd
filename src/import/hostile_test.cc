// Directories that somebody else has filled, or meant to: nothing hangs, nothing outside is read.

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "import/layout.h"
#include "import/testing/world.h"

namespace entrepot::import {
namespace {

namespace fs = std::filesystem;
using oci::Digest;
using testing::OldRegistry;

class HostileTest : public ::testing::Test {
 protected:
  std::string at(const std::string& below) { return world_.old.repositories() + "/" + below; }

  void fifo(const std::string& path) {
    fs::create_directories(fs::path(path).parent_path());
    ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  }
  void link(const std::string& target, const std::string& path) {
    fs::create_directories(fs::path(path).parent_path());
    fs::create_symlink(target, path);
  }
  std::string data_of(const Digest& digest) { return world_.directory / blob_path(digest); }

  testing::World world_;
  entrepot::testing::TemporaryDirectory elsewhere_;
};

TEST_F(HostileTest, FifosInThePlaceOfFilesAreCountedAndLeft) {
  world_.old.image("app", "1", {"one"});
  const auto other = digest_folder(Digest::of("other"));
  fifo(at("app/_layers/" + other + "/link"));
  fifo(at("app/_manifests/revisions/" + other + "/link"));
  fifo(at("app/_manifests/tags/2/current/link"));
  fifo(at("app/_manifests/tags/3"));
  fifo(at("app/_layers/fifo"));
  fifo(at("fifo"));
  fifo(data_of(Digest::of("fifo")));
  world_.old.link_layer("app", digest_folder(Digest::of("fifo")), Digest::of("fifo").to_string());
  const auto report = world_.adopt();
  EXPECT_EQ(report.odd, 6u);
  EXPECT_EQ(report.dangling, 1u);
  EXPECT_EQ(world_.tags("app"), std::vector<std::string>{"1"});
  EXPECT_FAILS(NotFound, world_.pull_blob("app", Digest::of("fifo")));
  EXPECT_EQ(world_.pull_blob("app", Digest::of("one")).value(), "one");
}

// As root the server may read anything.
TEST_F(HostileTest, LinksToFilesElsewhereAreNeverServed) {
  world_.old.image("app", "1", {"one"});
  std::ofstream(elsewhere_ / "secret") << "a secret";
  std::ofstream(elsewhere_ / "link") << Digest::of("one").to_string();
  const Digest secret = Digest::of("a secret");
  link(elsewhere_ / "secret", data_of(secret));
  world_.old.link_layer("app", digest_folder(secret), secret.to_string());
  const Digest wrong = Digest::of("something else");
  link(elsewhere_ / "secret", data_of(wrong));
  world_.old.link_layer("app", digest_folder(wrong), wrong.to_string());
  link(elsewhere_ / "link", at("app/_manifests/tags/2/current/link"));
  const auto report = world_.adopt();
  EXPECT_EQ(report.dangling, 2u);
  EXPECT_EQ(report.odd, 1u);
  EXPECT_FAILS(NotFound, world_.pull_blob("app", secret));
  EXPECT_FAILS(NotFound, world_.pull_blob("app", wrong));
  EXPECT_EQ(world_.tags("app"), std::vector<std::string>{"1"});
  EXPECT_TRUE(fs::exists(elsewhere_ / "secret"));
}

TEST_F(HostileTest, OurLinkToAFolderIsFollowedOnceAndLoopsAreLeft) {
  world_.old.image("app", "1", {"one"});
  world_.old.image("big", "1", {"two"});
  fs::rename(at("big"), elsewhere_ / "big");
  fs::create_directory_symlink(elsewhere_ / "big", at("big"));
  fs::create_directory_symlink(elsewhere_.path(), elsewhere_ / "big/again");
  fs::create_directory_symlink("..", at("app/up"));
  fs::create_directory_symlink(".", at("here"));
  fs::create_directory_symlink("nowhere", at("nowhere"));
  const auto report = world_.adopt();
  EXPECT_EQ(world_.repositories(), (std::vector<std::string>{"app", "big"}));
  EXPECT_EQ(world_.pull_blob("big", Digest::of("two")).value(), "two");
  EXPECT_EQ(report.odd, 4u);
}

TEST_F(HostileTest, DeepFoldersEnd) {
  world_.old.image("app", "1", {"one"});
  std::string deep = at("app");
  for (int i = 0; i < 1000; ++i) {
    deep += "/d";
    if (deep.size() > 3500) break;
  }
  fs::create_directories(deep);
  const auto report = world_.adopt();
  EXPECT_EQ(report.odd, 1u);
  EXPECT_EQ(world_.repositories(), std::vector<std::string>{"app"});
}

TEST_F(HostileTest, AliasOfOtherBytesIsNotBelieved) {
  world_.old.image("app", "1", {"one"});
  const auto alias = Digest::of("other bytes", oci::HashAlgorithm::Sha512);
  world_.old.link_layer("app", digest_folder(alias), Digest::of("one").to_string());
  const auto twin = Digest::of("other bytes");
  world_.old.link_layer("app", digest_folder(twin), Digest::of("one").to_string());
  const auto right = Digest::of("one", oci::HashAlgorithm::Sha512);
  world_.old.link_layer("app", digest_folder(right), Digest::of("one").to_string());
  const auto report = world_.adopt();
  EXPECT_EQ(report.dangling, 2u);
  EXPECT_FAILS(NotFound, world_.pull_blob("app", alias));
  EXPECT_FAILS(NotFound, world_.pull_blob("app", twin));
  EXPECT_EQ(world_.pull_blob("app", right).value(), "one");
}

TEST_F(HostileTest, LinkFilesOfAnySizeAndTextAreLeft) {
  const auto image = world_.old.image("app", "1", {"one"});
  world_.old.link_layer("app", "sha256/nonsense", "no digest");
  world_.old.link_layer("app", digest_folder(Digest::of("x")), std::string(1 << 20, 'x'));
  world_.old.link_layer("app", digest_folder(Digest::of("y")), std::string("\0\xff\n", 3));
  world_.old.link_layer("app", digest_folder(Digest::of("z")), "");
  const auto report = world_.adopt();
  EXPECT_EQ(report.dangling, 4u);
  EXPECT_OK(world_.pull("app", image.to_string()));
}

// What was believed of one blob says nothing about another one.
TEST_F(HostileTest, AliasIsHashedForEachBlobThatItIsSaidToBe) {
  const auto alias = Digest::of("one", oci::HashAlgorithm::Sha512);
  world_.old.layer("a", "one");
  world_.old.link_layer("a", digest_folder(alias), Digest::of("one").to_string());
  world_.old.layer("b", "two");
  world_.old.link_layer("b", digest_folder(alias), Digest::of("two").to_string());
  EXPECT_EQ(world_.adopt().dangling, 1u);
  EXPECT_EQ(world_.pull_blob("a", alias).value(), "one");
  EXPECT_FAILS(NotFound, world_.pull_blob("b", alias));
}

// Files from the year 1901 or 2500 are no reason to stop.
TEST_F(HostileTest, OddTimesAreTaken) {
  world_.old.image("app", "1", {"one"});
  const std::string layer = "app/_layers/" + digest_folder(Digest::of("one")) + "/link";
  for (const std::string& path : {std::string("app/_manifests/tags/1/current/link"), layer}) {
    for (const std::int64_t seconds : {-2'147'483'648LL, 16'725'225'600LL}) {
      const timespec times[] = {{seconds, 0}, {seconds, 999'999'999}};
      ASSERT_EQ(::utimensat(AT_FDCWD, at(path).c_str(), times, 0), 0);
    }
  }
  world_.adopt();
  EXPECT_OK(world_.pull("app", "1"));
}

}  // namespace
}  // namespace entrepot::import
