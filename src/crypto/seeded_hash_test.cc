#include "crypto/seeded_hash.h"

#include <array>
#include <set>
#include <string>

#include <gtest/gtest.h>

namespace entrepot::crypto {
namespace {

TEST(SeededHash, TellsTextsApart) {
  const SeededHash hash;
  std::set<std::size_t> seen;
  std::string text;
  for (int size = 0; size < 300; ++size) {
    EXPECT_EQ(hash(text), hash(std::string(text)));
    EXPECT_TRUE(seen.insert(hash(text)).second) << size;
    EXPECT_TRUE(seen.insert(hash(text + '\0')).second) << size;
    text += static_cast<char>('a' + size % 26);
  }
}

// Names that differ in few places, as clients' do, fill a table evenly.
TEST(SeededHash, SpreadsSimilarNames) {
  constexpr std::size_t kBuckets = 64;
  std::array<int, kBuckets> buckets{};
  for (int i = 0; i < 64 * 100; ++i) {
    ++buckets[SeededHash()("team/app-" + std::to_string(i) + "\nlatest") % kBuckets];
  }
  for (const int filled : buckets) {
    EXPECT_GT(filled, 40);
    EXPECT_LT(filled, 180);
  }
}

}  // namespace
}  // namespace entrepot::crypto
