#include "crypto/keyed_hash.h"

#include <set>
#include <string>
#include <thread>

#include <gtest/gtest.h>

namespace entrepot::crypto {
namespace {

TEST(KeyedHashTest, OneTextHasOneValueInEveryThread) {
  const KeyedHash hash;
  const std::string text(700, 'a');
  const auto value = hash(text);
  EXPECT_EQ(hash(text), value);
  std::thread([&] { EXPECT_EQ(hash(text), value); }).join();
}

TEST(KeyedHashTest, EachObjectHasItsOwnKey) {
  const KeyedHash one;
  const KeyedHash other;
  EXPECT_NE(one("Bearer a"), other("Bearer a"));
  EXPECT_EQ(one("Bearer a"), one("Bearer a"));  // neither disturbs the other
}

TEST(KeyedHashTest, EveryBitAndTheLengthCount) {
  const KeyedHash hash;
  const std::string text(33, '\0');
  std::set<std::array<std::uint64_t, 2>> seen{hash(text).words, hash("").words};
  for (std::size_t length = 1; length < text.size(); ++length) {
    EXPECT_TRUE(seen.insert(hash(text.substr(0, length)).words).second) << length;
  }
  for (std::size_t bit = 0; bit < text.size() * 8; ++bit) {
    std::string other = text;
    other[bit / 8] = static_cast<char>(1 << bit % 8);
    EXPECT_TRUE(seen.insert(hash(other).words).second) << bit;
  }
}

}  // namespace
}  // namespace entrepot::crypto
