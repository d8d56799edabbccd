#include "blob/fs/internal/disk.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"
#include "base/testing/temporary_directory.h"

namespace entrepot::blob::fs {
namespace {

// Else who may write in the directory says where we write, or that we wait for ever.
TEST(PosixDisk, OpensNeitherALinkNorAPipeInAFilesPlace) {
  const entrepot::testing::TemporaryDirectory directory;
  PosixDisk disk(open_root(directory.path()).value());
  ASSERT_EQ(::symlink("outside", (directory / "link").c_str()), 0);
  ASSERT_EQ(::mkfifo((directory / "pipe").c_str(), 0600), 0);
  EXPECT_EQ(disk.open("link", O_RDWR | O_CREAT), -ELOOP);
  EXPECT_FALSE(std::filesystem::exists(directory / "outside"));
  EXPECT_EQ(disk.open("pipe", O_WRONLY), -ENXIO);
}

}  // namespace
}  // namespace entrepot::blob::fs
