#include "file/write.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "base/source.h"
#include "base/testing/assert_ok.h"
#include "base/testing/temporary_directory.h"

namespace entrepot::file {
namespace {

namespace fs = std::filesystem;

class FileWrite : public ::testing::Test {
 protected:
  std::string at(const std::string& name) const { return directory_ / name; }

  void write(const std::string& name, const std::string& text) const {
    std::ofstream(at(name)) << text;
  }

  std::string read(const std::string& name) const {
    std::ifstream file(at(name));
    return {std::istreambuf_iterator<char>(file), {}};
  }

  mode_t mode(const std::string& name) const {
    struct stat found {};
    EXPECT_EQ(::stat(at(name).c_str(), &found), 0);
    return found.st_mode & 07777;
  }

  entrepot::testing::TemporaryDirectory directory_;
};

TEST_F(FileWrite, ReplaceMakesAFileForItsOwnerAlone) {
  ASSERT_OK(replace(at("id"), "one"));
  EXPECT_EQ(read("id"), "one");
  EXPECT_EQ(mode("id"), 0600u);
  ASSERT_OK(replace(at("id"), "two"));
  EXPECT_EQ(read("id"), "two");
  EXPECT_FALSE(fs::exists(at("id.new")));
}

TEST_F(FileWrite, PublishNewTakesNobodysName) {
  write("made", "new");
  ASSERT_OK(publish_new(at("made"), at("name")));
  EXPECT_EQ(read("name"), "new");
  EXPECT_FALSE(fs::exists(at("made")));
  write("made", "newer");
  fs::create_symlink(at("nowhere"), at("link"));
  EXPECT_FAILS(AlreadyExists, publish_new(at("made"), at("name")));
  EXPECT_FAILS(AlreadyExists, publish_new(at("made"), at("link")));
  EXPECT_EQ(read("name"), "new");
  EXPECT_EQ(read("made"), "newer");
}

// A file that was open before keeps its bytes: it was never written into.
TEST_F(FileWrite, ReplaceLeavesReadersWhatTheyOpened) {
  ASSERT_OK(replace(at("id"), "one"));
  std::ifstream before(at("id"));
  ASSERT_OK(replace(at("id"), "two, which is longer"));
  EXPECT_EQ(std::string(std::istreambuf_iterator<char>(before), {}), "one");
}

TEST_F(FileWrite, ReplaceTakesWhatAKilledProcessLeftForNothing) {
  write("id.new", "half of something much longer");
  ASSERT_OK(replace(at("id"), "whole"));
  EXPECT_EQ(read("id"), "whole");
}

// Nobody's file is written over through a link that somebody put there.
TEST_F(FileWrite, ReplaceFollowsNoLink) {
  write("other", "somebody's");
  fs::create_symlink(at("other"), at("id.new"));
  ASSERT_OK(replace(at("id"), "ours"));
  EXPECT_EQ(read("id"), "ours");
  EXPECT_EQ(read("other"), "somebody's");
}

TEST_F(FileWrite, ReplaceThatFailsLeavesWhatWasThere) {
  EXPECT_FAILS(NotFound, replace(at("nowhere/id"), "x"));
  fs::create_directory(at("id.new"));
  write("id", "before");
  EXPECT_FAILS(AlreadyExists, replace(at("id"), "x"));
  EXPECT_EQ(read("id"), "before");
}

TEST_F(FileWrite, PublishGivesTheName) {
  write("copy.part", "the copy");
  write("copy", "an older one");
  ASSERT_OK(publish(at("copy.part"), at("copy")));
  EXPECT_EQ(read("copy"), "the copy");
  EXPECT_FALSE(fs::exists(at("copy.part")));
  EXPECT_FAILS(NotFound, publish(at("copy.part"), at("copy")));
  EXPECT_EQ(read("copy"), "the copy");
}

TEST_F(FileWrite, MakesADirectoryOnce) {
  ASSERT_OK(make_directory(at("backups")));
  EXPECT_EQ(mode("backups"), 0700u);
  EXPECT_OK(make_directory(at("backups")));
  EXPECT_FAILS(NotFound, make_directory(at("nowhere/backups")));
}

TEST_F(FileWrite, SyncsDirectoriesAlone) {
  write("file", "text");
  EXPECT_OK(sync_directory(directory_.path()));
  EXPECT_FAILS(NotFound, sync_directory(at("nowhere")));
  EXPECT_FAILS(Conflict, sync_directory(at("file")));

  const OpenFile root(::open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  fs::create_directory(at("inner"));
  EXPECT_EQ(sync_directory_at(root.descriptor(), "inner"), 0);
  EXPECT_EQ(sync_directory_at(root.descriptor(), "nowhere"), -ENOENT);
}

TEST_F(FileWrite, FullDiskIsStorageFull) {
  const OpenFile full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  ASSERT_GE(full.descriptor(), 0) << "Linux has it everywhere";
  EXPECT_FAILS(StorageFull, write_all(full.descriptor(), "x", "a file"));
}

}  // namespace
}  // namespace entrepot::file
