#include "server/command/backup_target.h"

#include <filesystem>
#include <fstream>

#include "base/testing/assert_ok.h"
#include "base/testing/temporary_directory.h"

namespace entrepot::server {
namespace {

namespace fs = std::filesystem;

class BackupTargetTest : public ::testing::Test {
 protected:
  BackupTargetTest() {
    fs::create_directories(data_ + "/entrepot/backups");
    fs::create_directories(elsewhere_);
  }

  Result<BackupTarget> choose(const std::string& file) const {
    return BackupTarget::choose(file, data_);
  }

  const testing::TemporaryDirectory directory_;
  const std::string data_ = directory_ / "data";
  const std::string elsewhere_ = directory_ / "elsewhere";
};

TEST_F(BackupTargetTest, IsWrittenBesideAndThenNamed) {
  const auto target = choose(elsewhere_ + "/copy.db");
  ASSERT_OK(target);
  EXPECT_EQ(fs::path(target->beside()).parent_path(), fs::canonical(elsewhere_));
  std::ofstream(target->beside()) << "all";
  ASSERT_OK(target->publish());
  EXPECT_TRUE(fs::exists(elsewhere_ + "/copy.db"));
  EXPECT_FALSE(fs::exists(target->beside()));
}

TEST_F(BackupTargetTest, WhoIsFasterKeepsTheName) {
  const auto target = choose(elsewhere_ + "/copy.db");
  ASSERT_OK(target);
  std::ofstream(target->beside()) << "all";
  std::ofstream(elsewhere_ + "/copy.db") << "another's";
  EXPECT_FAILS(AlreadyExists, target->publish());
  target->discard();
  EXPECT_FALSE(fs::exists(target->beside()));
  EXPECT_EQ(fs::file_size(elsewhere_ + "/copy.db"), 9u);
}

TEST_F(BackupTargetTest, DataDirectoryIsRefusedHoweverItIsSpelled) {
  fs::create_symlink(data_, elsewhere_ + "/link");
  fs::create_directories(elsewhere_ + "/disk/registry");
  fs::create_symlink(elsewhere_ + "/disk", data_ + "/docker");
  for (const std::string& file :
       {data_ + "/copy.db", data_ + "/entrepot/copy.db", elsewhere_ + "/link/copy.db",
        elsewhere_ + "/../data/copy.db", elsewhere_ + "/disk/copy.db",
        elsewhere_ + "/disk/registry/copy.db"}) {
    EXPECT_FAILS(InvalidArgument, choose(file)) << file;
  }
}

TEST_F(BackupTargetTest, NameHasToBeANewOneInADirectory) {
  fs::create_symlink("nowhere", elsewhere_ + "/dangling");
  EXPECT_FAILS(AlreadyExists, choose(elsewhere_));
  EXPECT_FAILS(AlreadyExists, choose(elsewhere_ + "/dangling"));
  EXPECT_FAILS(NotFound, choose(elsewhere_ + "/no/copy.db"));
  EXPECT_FAILS(InvalidArgument, choose(""));
}

}  // namespace
}  // namespace entrepot::server
