#include "api/distribution/blobs.h"

#include <gtest/gtest.h>

#include "http/server/testing/request.h"

namespace entrepot::api::distribution {
namespace {

using http::server::testing::make_request;

constexpr std::uint64_t kSize = 1000;

// A blob that still comes from elsewhere.
http::Response present_growing(const http::server::testing::Headers& headers) {
  const auto growing = std::make_shared<GrowingFile>(std::make_shared<OpenFile>(-1), kSize);
  return Blobs::present(make_request("GET", "/v2/a/blobs/sha256:abc", headers), "sha256:abc", kSize,
                        Source(GrowingRange{growing, {0, kSize}}));
}

std::string content_range_of(const http::Response& response) {
  for (const auto& [name, value] : response.headers) {
    if (name == "Content-Range") return value;
  }
  return "";
}

void expect_whole(http::Response response) {
  EXPECT_EQ(response.status, 200);
  ASSERT_NE(response.body.growing(), nullptr);
  EXPECT_EQ(response.body.growing()->range, (ByteRange{0, kSize}));
}

TEST(BlobThatGrows, ARangeIsCutOutOfIt) {
  auto response = present_growing({{"Range", "bytes=900-"}});
  EXPECT_EQ(response.status, 206);
  EXPECT_EQ(content_range_of(response), "bytes 900-999/1000");
  ASSERT_NE(response.body.growing(), nullptr);
  EXPECT_EQ(response.body.growing()->range, (ByteRange{900, 100}));
  EXPECT_EQ(response.body.size_bytes(), 100U);
}

TEST(BlobThatGrows, SeveralRangesAreAllOfIt) {
  expect_whole(present_growing({{"Range", "bytes=0-9,20-29"}}));
  expect_whole(present_growing({}));
}

TEST(BlobThatGrows, ARangeBehindItsEndIsRefused) {
  const auto response = present_growing({{"Range", "bytes=1000-"}});
  EXPECT_EQ(response.status, 416);
  EXPECT_EQ(content_range_of(response), "bytes */1000");
}

TEST(BlobThatGrows, WhoHasItGetsNothing) {
  const auto response = present_growing({{"If-None-Match", "\"sha256:abc\""}});
  EXPECT_EQ(response.status, 304);
  EXPECT_EQ(response.body.size_bytes(), 0U);
}

}  // namespace
}  // namespace entrepot::api::distribution
