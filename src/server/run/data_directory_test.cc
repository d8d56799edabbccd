#include "server/run/data_directory.h"

#include <sys/stat.h>

#include <filesystem>
#include <fstream>

#include "base/testing/assert_ok.h"
#include "base/testing/temporary_directory.h"
#include "meta/sqlite/store.h"

namespace entrepot::server {
namespace {

class DataDirectoryTest : public ::testing::Test {
 protected:
  // What a server does with its directory at each start: the store's id, or why not.
  Result<std::string> start() {
    TRY_ASSIGN(auto directory, DataDirectory::open(data_));
    TRY(check_metadata_present(directory->path()));
    meta::sqlite::SqliteStore::Options options;
    options.path = directory->metadata_path();
    TRY_ASSIGN(auto store, meta::sqlite::SqliteStore::open(options, Clock::system()));
    return agree_on_id(context_, *directory, *store);
  }
  void remove_metadata() {
    for (const char* end : {"", "-wal", "-shm"}) {
      std::filesystem::remove(data_ + "/entrepot/meta.db" + end);
    }
  }

  Context context_;
  const testing::TemporaryDirectory temporary_;
  const std::string data_ = temporary_ / "data";
};

TEST_F(DataDirectoryTest, IsMadeForItsOwnerAlone) {
  ASSERT_OK(DataDirectory::open(data_));
  for (const auto& path : {data_, data_ + "/entrepot"}) {
    struct stat found {};
    ASSERT_EQ(::stat(path.c_str(), &found), 0);
    EXPECT_EQ(found.st_mode & 0777, 0700u) << path;
  }
}

TEST_F(DataDirectoryTest, ParentsAreMadeToo) {
  EXPECT_OK(DataDirectory::open(temporary_ / "a/b/c"));
}

TEST_F(DataDirectoryTest, AFileIsNoDirectory) {
  std::ofstream(data_) << "x";
  EXPECT_FAILS(Conflict, DataDirectory::open(data_));
}

TEST_F(DataDirectoryTest, TwoServersCannotShareIt) {
  EXPECT_FALSE(is_served(data_));
  {
    const auto first = DataDirectory::open(data_);
    ASSERT_OK(first);
    EXPECT_TRUE(is_served(data_));
    const auto second = DataDirectory::open(data_);
    EXPECT_FAILS(Conflict, second);
    EXPECT_NE(second.error().message.find(fmt::format("(process {})", ::getpid())),
              std::string::npos)
        << second.error().message;
  }
  EXPECT_FALSE(is_served(data_));
  EXPECT_OK(DataDirectory::open(data_));
}

TEST_F(DataDirectoryTest, KnowsDistributionsLayout) {
  EXPECT_FALSE(has_distribution_layout(data_));
  const std::string root = data_ + "/docker/registry/v2/";
  std::filesystem::create_directories(root + "blobs");
  EXPECT_FALSE(has_distribution_layout(data_)) << "blobs alone are ours as well";
  std::filesystem::create_directories(root + "repositories");
  EXPECT_TRUE(has_distribution_layout(data_));
  EXPECT_FAILS(Conflict, check_adopted(data_));
  std::filesystem::rename(root + "repositories", root + "repositories.adopted");
  EXPECT_TRUE(has_distribution_layout(data_));
  EXPECT_OK(check_adopted(data_));
}

TEST_F(DataDirectoryTest, KeepsItsId) {
  const auto first = start();
  ASSERT_OK(first);
  EXPECT_EQ(first->size(), 32u);
  EXPECT_EQ(start().value(), *first);
}

// An empty store must not take the place of one that was lost.
TEST_F(DataDirectoryTest, LostMetadataRefusesToStart) {
  ASSERT_OK(start());
  remove_metadata();
  const auto again = start();
  EXPECT_FAILS(Conflict, again);
  EXPECT_NE(again.error().message.find("has lost its metadata"), std::string::npos);
  EXPECT_FALSE(std::filesystem::exists(data_ + "/entrepot/meta.db")) << "nothing new was made";
}

TEST_F(DataDirectoryTest, AnotherStoresMetadataRefusesToStart) {
  ASSERT_OK(start());
  std::ofstream(data_ + "/entrepot/id") << "00000000000000000000000000000000\n";
  EXPECT_FAILS(Conflict, start());
}

// A crash between the id in the metadata and its file.
TEST_F(DataDirectoryTest, MissingIdFileIsWrittenAgain) {
  const auto first = start();
  ASSERT_OK(first);
  std::filesystem::remove(data_ + "/entrepot/id");
  EXPECT_EQ(start().value(), *first);
  EXPECT_TRUE(std::filesystem::exists(data_ + "/entrepot/id"));
}

TEST_F(DataDirectoryTest, RemovingTheIdBeginsAnew) {
  const auto first = start();
  ASSERT_OK(first);
  remove_metadata();
  std::filesystem::remove(data_ + "/entrepot/id");
  EXPECT_NE(start().value(), *first);
}

}  // namespace
}  // namespace entrepot::server
