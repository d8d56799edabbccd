#include "file/read.h"

#include <sys/stat.h>

#include <fstream>

#include "base/testing/assert_ok.h"
#include "base/testing/temporary_directory.h"

namespace entrepot::file {
namespace {

TEST(ReadSmall, IsAllOfAFileOrAnError) {
  const entrepot::testing::TemporaryDirectory directory;
  const std::string path = directory.path() + "/file";
  EXPECT_FAILS(NotFound, read_small(path, 10));
  std::ofstream(path) << "0123456789";
  EXPECT_FAILS(TooLarge, read_small(path, 9));
  const auto bytes = read_small(path, 10);
  ASSERT_OK(bytes);
  EXPECT_EQ(*bytes, "0123456789");
  EXPECT_FALSE(read_small(directory.path(), 10));
}

TEST(ReadSmall, WaitsForNobody) {
  const entrepot::testing::TemporaryDirectory directory;
  const std::string path = directory.path() + "/fifo";
  ASSERT_EQ(::mkfifo(path.c_str(), 0600), 0);
  const auto bytes = read_small(path, 10);
  ASSERT_OK(bytes);
  EXPECT_EQ(*bytes, "");
}

}  // namespace
}  // namespace entrepot::file
