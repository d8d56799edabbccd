#include "server/host/trusted_path.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>

#include "base/testing/assert_ok.h"
#include "base/testing/temporary_directory.h"

namespace entrepot::server {
namespace {

namespace fs = std::filesystem;

class TrustedPathTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "the rules are root's";
    fs::create_directories(temporary_ / "folder/data");
  }

  Result<std::unique_ptr<OpenFile>> open(const std::string& name) {
    return open_trusted_directory(temporary_ / name, WhenMissing::Fail);
  }
  // Is it `folder/data` that was opened?
  bool opens_data(const std::string& name) {
    const auto opened = open(name);
    struct stat found {
    }, wanted{};
    return opened && ::fstat((*opened)->descriptor(), &found) == 0 &&
           ::stat((temporary_ / "folder/data").c_str(), &wanted) == 0 &&
           found.st_ino == wanted.st_ino;
  }

  const testing::TemporaryDirectory temporary_;
};

TEST_F(TrustedPathTest, LinksOfRootsAreFollowed) {
  fs::create_directory_symlink(temporary_ / "folder", temporary_ / "absolute");
  fs::create_directory_symlink("absolute/data", temporary_ / "relative");
  for (const char* name :
       {"folder/data", "folder//./data/", "folder/../folder/data", "absolute/data", "relative"}) {
    EXPECT_TRUE(opens_data(name)) << name;
  }
}

TEST_F(TrustedPathTest, LinksOfOthersAreNot) {
  const std::string link = temporary_ / "link";
  fs::create_directory_symlink("folder", link);
  ASSERT_EQ(::lchown(link.c_str(), 4711, 4712), 0);
  EXPECT_FAILS(Denied, open("link/data"));
  EXPECT_FAILS(Denied, open("link"));
}

// Who may write to a folder can put another link of root's into the place of this one.
TEST_F(TrustedPathTest, LinksOfRootsInFoldersOfOthersAreNotEither) {
  const std::string folder = temporary_ / "others";
  fs::create_directory(folder);
  fs::create_directory_symlink("../folder", folder + "/link");
  EXPECT_TRUE(opens_data("others/link/data"));
  ASSERT_EQ(::chmod(folder.c_str(), 0777), 0);
  EXPECT_FAILS(Denied, open("others/link/data"));
  ASSERT_EQ(::chmod(folder.c_str(), 01777), 0);
  EXPECT_TRUE(opens_data("others/link/data")) << "sticky: only root can take root's link away";
  ASSERT_EQ(::chmod(folder.c_str(), 0755), 0);
  ASSERT_EQ(::chown(folder.c_str(), 4711, 4712), 0);
  EXPECT_FAILS(Denied, open("others/link/data"));
}

TEST_F(TrustedPathTest, LoopsEnd) {
  fs::create_directory_symlink("loop", temporary_ / "loop");
  EXPECT_FAILS(Conflict, open("loop"));
}

TEST_F(TrustedPathTest, WhatIsMissingOrNoDirectory) {
  EXPECT_FAILS(NotFound, open("folder/none/data"));
  ASSERT_EQ(::mkfifo((temporary_ / "pipe").c_str(), 0600), 0);
  EXPECT_FAILS(Conflict, open("pipe"));
  EXPECT_OK(open_trusted_directory(temporary_ / "folder/new/data", WhenMissing::Make));
  EXPECT_OK(open("folder/new/data"));
}

}  // namespace
}  // namespace entrepot::server
