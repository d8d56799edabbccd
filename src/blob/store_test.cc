#include "blob/store.h"

#include <set>

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"

namespace entrepot::blob {
namespace {

TEST(UploadId, RandomOnesDifferAndParse) {
  std::set<std::string> seen;
  for (int i = 0; i < 100; ++i) {
    const UploadId id = UploadId::random();
    EXPECT_TRUE(seen.insert(id.str()).second);
    const auto parsed = UploadId::parse(id.str());
    ASSERT_OK(parsed);
    EXPECT_EQ(*parsed, id);
    EXPECT_EQ(id.str()[14], '4');
    EXPECT_NE(std::string("89ab").find(id.str()[19]), std::string::npos);
  }
}

// An id becomes part of a file name: nothing but the one form may pass.
TEST(UploadId, RefusesEverythingElse) {
  const std::string good = "0123abcd-4567-89ab-cdef-0123456789ab";
  ASSERT_OK(UploadId::parse(good));
  for (const std::string& bad :
       {std::string(), std::string("../../../../etc/passwd"), good + "0", good.substr(1),
        std::string("0123ABCD-4567-89ab-cdef-0123456789ab"),
        std::string("0123abcd04567-89ab-cdef-0123456789ab"),
        std::string("0123abcd-4567-89ab-cdef-0123456789a/"),
        std::string("0123abcd-4567-89ab-cdef-0123456789a\0", 36),
        std::string("g123abcd-4567-89ab-cdef-0123456789ab")}) {
    EXPECT_FAILS(InvalidArgument, UploadId::parse(bad)) << bad;
  }
}

}  // namespace
}  // namespace entrepot::blob
