#include "server/host/privileges.h"

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>

#include "base/testing/assert_ok.h"
#include "base/testing/temporary_directory.h"

namespace entrepot::server {
namespace {

namespace fs = std::filesystem;

constexpr Account kUser{4711, 4712};

struct stat looked_at(const std::string& path) {
  struct stat found {};
  EXPECT_EQ(::lstat(path.c_str(), &found), 0) << path;
  return found;
}

// A directory of the test's that others can come through.
class PrivilegesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
    ASSERT_EQ(::chmod(temporary_.path().c_str(), 0755), 0);
  }

  // What the exit code of a process of its own tells: there is no way back from leaving root.
  static int in_own_process(const std::function<int()>& body) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body());
    int status = 0;
    if (::waitpid(child, &status, 0) != child || !WIFEXITED(status)) return -1;
    return WEXITSTATUS(status);
  }

  static void give(const std::string& path, const Account& account) {
    ASSERT_EQ(::lchown(path.c_str(), account.uid, account.gid), 0) << path;
  }

  const testing::TemporaryDirectory temporary_;
  const std::string data_ = temporary_ / "data";
};

TEST(Privileges, UnknownUsersAreRefused) {
  EXPECT_FAILS(NotFound, account_to_become("nobody-has-this-name"));
  EXPECT_FAILS(NotFound, account_to_become("12:x"));
  EXPECT_EQ(account_to_become("").value(), std::nullopt);
}

TEST_F(PrivilegesTest, RootHandsTheDirectoryOverAndIsGone) {
  fs::create_directories(data_ + "/entrepot");
  std::ofstream(data_ + "/entrepot/file") << "x";
  EXPECT_EQ(in_own_process([&] {
              if (!become_owner("4711:4712", data_)) return 1;
              if (::getuid() != 4711 || ::geteuid() != 4711 || ::getegid() != 4712) return 2;
              if (::getgroups(0, nullptr) != 0) return 3;
              if (::setuid(0) == 0) return 4;
              return std::ofstream(data_ + "/entrepot/inner") ? 0 : 5;
            }),
            0);
  for (const char* inner : {"", "/entrepot", "/entrepot/file"}) {
    EXPECT_EQ(looked_at(data_ + inner).st_uid, kUser.uid) << inner;
  }
}

TEST_F(PrivilegesTest, AGroupThatIsHandedDownStays) {
  fs::create_directory(data_);
  std::ofstream(data_ + "/file") << "x";
  give(data_, {0, 2000});
  give(data_ + "/file", {0, 2000});
  ASSERT_EQ(::chmod(data_.c_str(), 02775), 0);
  ASSERT_OK(hand_over(kUser, data_));
  for (const char* inner : {"", "/file"}) {
    EXPECT_EQ(looked_at(data_ + inner).st_uid, kUser.uid);
    EXPECT_EQ(looked_at(data_ + inner).st_gid, 2000u);
  }
  EXPECT_EQ(looked_at(data_).st_mode & 07777, 02775u);
}

// A directory that is missing is made for the user alone, those above it for all to come through.
TEST_F(PrivilegesTest, MakesTheDirectoryForItsUser) {
  const std::string deep = temporary_ / "a/b/data";
  ASSERT_OK(hand_over(kUser, deep));
  EXPECT_EQ(looked_at(deep).st_uid, kUser.uid);
  EXPECT_EQ(looked_at(deep).st_mode & 07777, 0700u);
  EXPECT_EQ(looked_at(temporary_ / "a/b").st_mode & 07777, 0755u);
  EXPECT_EQ(looked_at(temporary_ / "a/b").st_uid, 0u);
}

// Who owns the data directory must not get what is root's by a link in it.
TEST_F(PrivilegesTest, NothingBehindALinkChangesItsOwner) {
  const testing::TemporaryDirectory of_root;
  std::ofstream(of_root / "shadow") << "x";
  for (const char* name : {"entrepot", "docker"}) {
    const std::string data = temporary_ / std::string("with_") + name;
    fs::create_directory(data);
    fs::create_directory_symlink(of_root.path(), data + "/" + name);
    give(data + "/" + name, kUser);
    give(data, kUser);
    EXPECT_OK(hand_over(kUser, data));
  }
  fs::create_directory(data_);
  fs::create_directory_symlink(of_root.path(), data_ + "/link");
  EXPECT_OK(hand_over(kUser, data_));
  EXPECT_EQ(looked_at(data_).st_uid, kUser.uid);
  EXPECT_EQ(looked_at(data_ + "/link").st_uid, 0u);
  EXPECT_EQ(looked_at(of_root.path()).st_uid, 0u);
  EXPECT_EQ(looked_at(of_root / "shadow").st_uid, 0u);
}

TEST_F(PrivilegesTest, HardLinksAndWhatIsNoFileAreLeft) {
  const testing::TemporaryDirectory of_root;
  std::ofstream(of_root / "shadow") << "x";
  fs::create_directory(data_);
  fs::create_hard_link(of_root / "shadow", data_ + "/innocent");
  ASSERT_EQ(::mkfifo((data_ + "/pipe").c_str(), 0600), 0);
  std::ofstream(data_ + "/plain") << "x";
  EXPECT_OK(hand_over(kUser, data_));
  EXPECT_EQ(looked_at(of_root / "shadow").st_uid, 0u);
  EXPECT_EQ(looked_at(data_ + "/pipe").st_uid, 0u);
  EXPECT_EQ(looked_at(data_ + "/plain").st_uid, kUser.uid);
}

TEST_F(PrivilegesTest, AnotherUsersDirectoryIsLeftAlone) {
  fs::create_directories(data_ + "/entrepot");
  give(data_, {99, 98});
  EXPECT_OK(hand_over(kUser, data_));
  EXPECT_EQ(looked_at(data_).st_uid, 99u);
  EXPECT_EQ(looked_at(data_ + "/entrepot").st_uid, 0u);
}

TEST_F(PrivilegesTest, WhatRootLeftInTheUsersDirectoryIsTakenOver) {
  fs::create_directories(data_ + "/docker/registry");
  fs::create_directories(data_ + "/of_another");
  give(data_, kUser);
  give(data_ + "/of_another", {99, 98});
  EXPECT_OK(hand_over(kUser, data_));
  EXPECT_EQ(looked_at(data_ + "/docker/registry").st_uid, kUser.uid);
  EXPECT_EQ(looked_at(data_ + "/of_another").st_uid, 99u);
}

TEST_F(PrivilegesTest, WhoCannotWorkThereIsToldWhatToType) {
  fs::create_directory(data_);
  give(data_, {99, 98});
  ASSERT_EQ(::chmod(data_.c_str(), 0700), 0);
  EXPECT_EQ(in_own_process([&] {
              const auto became = become(kUser, data_);
              if (became || became.error().code != ErrorCode::Denied) return 1;
              return became.error().message.find("chown -R 4711:4712") == std::string::npos ? 2 : 0;
            }),
            0);
}

// `docker exec … gc`: no file of root's stays behind.
TEST_F(PrivilegesTest, CommandsBecomeTheDirectorysOwner) {
  fs::create_directory(data_);
  give(data_, kUser);
  EXPECT_EQ(
      in_own_process([&] { return become_owner("", data_) && ::geteuid() == kUser.uid ? 0 : 1; }),
      0);
  const std::string link = temporary_ / "link";
  fs::create_directory_symlink(data_, link);
  give(link, kUser);
  EXPECT_FAILS(Denied, become_owner("", link));
}

}  // namespace
}  // namespace entrepot::server
