#include "server/host/takeover.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "base/source.h"
#include "base/testing/assert_ok.h"
#include "base/testing/temporary_directory.h"

namespace entrepot::server {
namespace {

namespace fs = std::filesystem;

constexpr Account kUser{4711, 4712};

class TakeoverTest : public ::testing::Test {
 protected:
  void SetUp() override {
    if (::geteuid() != 0) GTEST_SKIP() << "only root gives files away";
  }

  Result<TakeoverReport> run() {
    const OpenFile top(::open(temporary_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return take_over(top.descriptor(), temporary_.path(), kUser);
  }
  uid_t owner(const std::string& name) const {
    struct stat found {};
    EXPECT_EQ(::lstat((temporary_ / name).c_str(), &found), 0) << name;
    return found.st_uid;
  }

  const testing::TemporaryDirectory temporary_;
};

TEST_F(TakeoverTest, EverythingOfRootsIsTaken) {
  fs::create_directories(temporary_ / "a/b/c");
  fs::create_directories(temporary_ / "a/d");
  std::ofstream(temporary_ / "a/b/file") << "x";
  std::ofstream(temporary_ / "file") << "x";
  const auto report = run();
  ASSERT_OK(report);
  EXPECT_EQ(report->taken, 7u);
  EXPECT_EQ(report->failed + report->linked + report->of_others, 0u);
  for (const char* name : {"", "file", "a", "a/b", "a/b/c", "a/b/file", "a/d"}) {
    EXPECT_EQ(owner(name), kUser.uid) << name;
  }
  EXPECT_EQ(run()->taken, 0u) << "there is nothing left to take";
}

TEST_F(TakeoverTest, WhatIsOfOthersIsCountedAndLeft) {
  fs::create_directories(temporary_ / "others/inner");
  std::ofstream(temporary_ / "theirs") << "x";
  ASSERT_EQ(::chown((temporary_ / "others").c_str(), 99, 99), 0);
  ASSERT_EQ(::chown((temporary_ / "theirs").c_str(), 99, 99), 0);
  const auto report = run();
  ASSERT_OK(report);
  EXPECT_EQ(report->of_others, 2u);
  EXPECT_EQ(owner("others"), 99u);
  EXPECT_EQ(owner("others/inner"), 0u) << "nothing below a directory of others is looked at";
}

// A tree of any depth neither ends the start nor holds a descriptor a level.
TEST_F(TakeoverTest, DeepTreesCostNoDescriptors) {
  OpenFile top(::open(temporary_.path().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  int here = ::fcntl(top.descriptor(), F_DUPFD_CLOEXEC, 0);
  for (int level = 0; level < 300; ++level) {
    ASSERT_EQ(::mkdirat(here, "d", 0755), 0);
    const int next = ::openat(here, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ::close(here);
    ASSERT_GE(here = next, 0);
  }
  ::close(here);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  const rlimit few{static_cast<rlim_t>(top.descriptor() + 20), before.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  const auto report = take_over(top.descriptor(), temporary_.path(), kUser);
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
  ASSERT_OK(report);
  EXPECT_EQ(report->taken, 256u);
  EXPECT_EQ(report->failed, 1u) << "what is deeper is told about";
  EXPECT_EQ(owner(""), kUser.uid);
}

TEST_F(TakeoverTest, ALinkToADirectoryIsNamed) {
  const testing::TemporaryDirectory elsewhere;
  fs::create_directory_symlink(elsewhere.path(), temporary_ / "blobs");
  const auto report = run();
  ASSERT_OK(report);
  EXPECT_EQ(report->first_link, temporary_ / "blobs");
  EXPECT_EQ(owner("blobs"), 0u);
}

}  // namespace
}  // namespace entrepot::server
