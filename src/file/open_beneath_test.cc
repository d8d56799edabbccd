#include "file/open_beneath.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/source.h"
#include "base/testing/temporary_directory.h"

namespace entrepot::file {
namespace {

namespace fs = std::filesystem;

class OpenBeneath : public ::testing::Test {
 protected:
  OpenBeneath() : root_(::open(directory_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {}

  std::string at(const std::string& below) const { return directory_ / below; }

  void write(const std::string& path, const std::string& text) const {
    fs::create_directories(fs::path(path).parent_path());
    std::ofstream(path) << text;
  }

  // What is in the file, or the error.
  std::string read(const std::string& path) const {
    const int descriptor = open_beneath(root_.descriptor(), path, Wanted::File);
    if (descriptor < 0) return ::strerrorname_np(-descriptor);
    const OpenFile file(descriptor);
    char text[100];
    const ssize_t size = ::read(descriptor, text, sizeof(text));
    return size < 0 ? "unreadable" : std::string(text, static_cast<std::size_t>(size));
  }

  std::string error(const std::string& path, Wanted wanted) const {
    const int descriptor = open_beneath(root_.descriptor(), path, wanted);
    if (descriptor < 0) return ::strerrorname_np(-descriptor);
    ::close(descriptor);
    return "none";
  }

  entrepot::testing::TemporaryDirectory directory_;
  entrepot::testing::TemporaryDirectory elsewhere_;
  OpenFile root_;
};

TEST_F(OpenBeneath, OpensFilesAndFoldersAndNamesWhatIsSomethingElse) {
  write(at("a/b/file"), "text");
  EXPECT_EQ(read("a/b/file"), "text");
  EXPECT_EQ(error("a/b", Wanted::Folder), "none");
  EXPECT_EQ(error("a/b/file", Wanted::Look), "none");
  EXPECT_EQ(error("a/b", Wanted::File), "EISDIR");
  EXPECT_EQ(error("a/b", Wanted::Look), "EISDIR");
  EXPECT_EQ(error("a/b/file", Wanted::Folder), "ENOTDIR");
  EXPECT_EQ(error("a/b/file/c", Wanted::File), "ENOTDIR");
  EXPECT_EQ(error("a/none", Wanted::File), "ENOENT");
  EXPECT_EQ(error("a/none", Wanted::Folder), "ENOENT");
}

TEST_F(OpenBeneath, NeitherFifosNorSocketsNorDevicesAreFiles) {
  ASSERT_EQ(::mkfifo(at("fifo").c_str(), 0600), 0);
  const int socket = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{AF_UNIX, {}};
  at("socket").copy(address.sun_path, sizeof(address.sun_path) - 1);
  ASSERT_EQ(::bind(socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)), 0);
  for (const std::string name : {"fifo", "socket"}) {
    EXPECT_EQ(error(name, Wanted::File), "ENXIO") << name;
    EXPECT_EQ(error(name, Wanted::Look), "ENXIO") << name;
    EXPECT_EQ(error(name, Wanted::Folder), "ENOTDIR") << name;
  }
  ::close(socket);
}

TEST_F(OpenBeneath, LinkToAFileIsNotFollowed) {
  write(elsewhere_ / "secret", "secret");
  write(at("inside"), "inside");
  fs::create_symlink(elsewhere_ / "secret", at("link"));
  fs::create_symlink("inside", at("near"));
  fs::create_symlink("nowhere", at("dangling"));
  for (const std::string name : {"link", "near", "dangling"}) {
    EXPECT_EQ(read(name), "ELOOP") << name;
    EXPECT_EQ(error(name, Wanted::Look), "ELOOP") << name;
  }
  EXPECT_EQ(error("link", Wanted::Folder), "ENOTDIR");
  EXPECT_EQ(error("dangling", Wanted::Folder), "ENOENT");
}

// `blobs` on another disk.
TEST_F(OpenBeneath, OurLinkToAFolderIsFollowedOnce) {
  write(elsewhere_ / "sha256/file", "text");
  fs::create_directory_symlink(elsewhere_.path(), at("blobs"));
  EXPECT_EQ(read("blobs/sha256/file"), "text");
  EXPECT_EQ(error("blobs", Wanted::Folder), "none");
  EXPECT_EQ(error("blobs/sha256", Wanted::Folder), "none");
  EXPECT_EQ(error("blobs/sha256/file", Wanted::Look), "none");
  EXPECT_EQ(error("blobs/none", Wanted::File), "ENOENT");

  fs::create_directory_symlink("sha256", elsewhere_ / "second");
  fs::create_symlink("sha256/file", elsewhere_ / "leaf");
  EXPECT_EQ(read("blobs/second/file"), "ELOOP");
  EXPECT_EQ(error("blobs/second", Wanted::Folder), "ELOOP");
  EXPECT_EQ(read("blobs/leaf"), "ELOOP");
}

TEST_F(OpenBeneath, LoopsAreNotFollowed) {
  fs::create_directories(at("a/b"));
  fs::create_directory_symlink("..", at("a/b/up"));
  fs::create_directory_symlink(directory_.path(), at("a/top"));
  fs::create_directory_symlink("self", at("self"));
  fs::create_directory_symlink(".", at("here"));
  for (const std::string name : {"a/b/up", "a/top", "self", "here"}) {
    EXPECT_EQ(error(name, Wanted::Folder), "ELOOP") << name;
    EXPECT_EQ(error(name + "/a", Wanted::Folder), "ELOOP") << name;
  }
}

TEST_F(OpenBeneath, SomebodyElsesLinkIsNotFollowed) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can give a link away";
  write(elsewhere_ / "file", "text");
  fs::create_directory_symlink(elsewhere_.path(), at("link"));
  EXPECT_EQ(read("link/file"), "text");
  ASSERT_EQ(::lchown(at("link").c_str(), 65534, 65534), 0);
  EXPECT_EQ(read("link/file"), "ELOOP");
  EXPECT_EQ(error("link", Wanted::Folder), "ELOOP");
}

TEST_F(OpenBeneath, NoPathLeadsOut) {
  write(at("../" + fs::path(directory_.path()).filename().string() + ".out"), "out");
  const std::string name = "../" + fs::path(directory_.path()).filename().string() + ".out";
  EXPECT_EQ(read(name), "EXDEV");
  EXPECT_EQ(read("/etc/passwd"), "EXDEV");
  fs::remove(at(name));
}

}  // namespace
}  // namespace entrepot::file
