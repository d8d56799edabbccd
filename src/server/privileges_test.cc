#include "server/privileges.h"

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/testing/assert_ok.h"
#include "base/testing/temporary_directory.h"

namespace entrepot::server {
namespace {

TEST(Privileges, OpenFilesAreRaisedToTheHardLimit) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(raise_open_file_limit(), limit.rlim_max);
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &limit), 0);
  EXPECT_EQ(limit.rlim_cur, limit.rlim_max);
}

TEST(Privileges, UnknownUsersAreRefused) {
  const testing::TemporaryDirectory data;
  EXPECT_FAILS(NotFound, become_user("nobody-has-this-name", data.path()));
  EXPECT_FAILS(NotFound, become_user("12:x", data.path()));
}

// In a process of its own, because there is no way back. Its exit code tells what it found.
int become_and_look(const std::string& user, const std::string& data) {
  if (!become_user(user, data)) return 1;
  if (::getuid() != 4711 || ::geteuid() != 4711 || ::getegid() != 4712) return 2;
  if (::getgroups(0, nullptr) != 0) return 3;
  if (::setuid(0) == 0) return 4;
  if (!std::ofstream(data + "/entrepot/inner")) return 5;
  return 0;
}

TEST(Privileges, RootHandsTheDirectoryOverAndIsGone) {
  if (::geteuid() != 0) GTEST_SKIP() << "only root can become somebody else";
  const testing::TemporaryDirectory temporary;
  const testing::TemporaryDirectory elsewhere;
  ASSERT_EQ(::chmod(temporary.path().c_str(), 0755), 0);
  const std::string data = temporary / "data";
  std::filesystem::create_directories(data + "/entrepot");
  std::ofstream(data + "/entrepot/file") << "x";
  std::filesystem::create_symlink(elsewhere.path(), data + "/link");

  const pid_t child = ::fork();
  if (child == 0) ::_exit(become_and_look("4711:4712", data));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);

  struct stat found {};
  for (const char* inner : {"", "/entrepot", "/entrepot/file", "/link"}) {
    ASSERT_EQ(::lstat((data + inner).c_str(), &found), 0);
    EXPECT_EQ(found.st_uid, 4711u) << inner;
  }
  ASSERT_EQ(::stat(elsewhere.path().c_str(), &found), 0);
  EXPECT_EQ(found.st_uid, 0u) << "links are not followed";
}

}  // namespace
}  // namespace entrepot::server
