#include "server/host/file_modes.h"

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/testing/temporary_directory.h"

namespace entrepot::server {
namespace {

namespace fs = std::filesystem;

class FileModesTest : public ::testing::Test {
 protected:
  FileModesTest() {
    make_directory("");
    make_directory("/backups");
    make_directory("/uploads");
    make_file("/meta.db");
    make_file("/backups/copy");
  }

  void make_directory(const std::string& name) {
    fs::create_directory(directory_ + name);
    ::chmod((directory_ + name).c_str(), 0777);
  }
  void make_file(const std::string& name) {
    std::ofstream(directory_ + name) << "x";
    ::chmod((directory_ + name).c_str(), 0666);
  }
  mode_t mode(const std::string& name) const {
    struct stat found {};
    EXPECT_EQ(::stat((directory_ + name).c_str(), &found), 0) << name;
    return found.st_mode & 07777;
  }

  const testing::TemporaryDirectory temporary_;
  const std::string directory_ = temporary_ / "entrepot";
};

TEST_F(FileModesTest, WhatIsOursBecomesOursAlone) {
  tighten_modes(directory_);
  for (const char* name : {"", "/backups", "/uploads"}) EXPECT_EQ(mode(name), 0700u) << name;
  for (const char* name : {"/meta.db", "/backups/copy"}) EXPECT_EQ(mode(name), 0600u) << name;
}

// Kubernetes' fsGroup: the group may be all that lets the next pod in.
TEST_F(FileModesTest, AGroupThatIsHandedDownKeepsItsRights) {
  ASSERT_EQ(::chmod(directory_.c_str(), 02775), 0);
  tighten_modes(directory_);
  EXPECT_EQ(mode(""), 02770u);
  EXPECT_EQ(mode("/backups"), 0770u);
  EXPECT_EQ(mode("/meta.db"), 0660u);
}

TEST_F(FileModesTest, WhatIsNotOursAloneIsLeft) {
  const std::string outside = temporary_ / "outside";
  std::ofstream(outside) << "x";
  ::chmod(outside.c_str(), 0644);
  fs::create_hard_link(outside, directory_ + "/hard");
  fs::create_symlink(outside, directory_ + "/soft");
  if (::geteuid() == 0) {
    ASSERT_EQ(::chown((directory_ + "/meta.db").c_str(), 4711, 4711), 0);
  }
  tighten_modes(directory_);
  EXPECT_EQ(mode("/hard"), 0644u);
  EXPECT_EQ(mode("/soft"), 0644u);
  if (::geteuid() == 0) {
    EXPECT_EQ(mode("/meta.db"), 0666u);
  }
  tighten_modes(temporary_ / "nothing");
}

}  // namespace
}  // namespace entrepot::server
