#include "server/options/spelling.h"

#include <gtest/gtest.h>

namespace entrepot::server {
namespace {

constexpr std::string_view kKnown[] = {"http.listen", "http.host", "log.level", "open"};

TEST(Spelling, FindsWhatWasMeant) {
  EXPECT_EQ(nearest("http.lsiten", kKnown), "http.listen");  // two neighbours swapped
  EXPECT_EQ(nearest("http.listens", kKnown), "http.listen");
  EXPECT_EQ(nearest("loglevel", kKnown), "log.level");
  EXPECT_EQ(nearest("opne", kKnown), "open");
}

TEST(Spelling, DoesNotGuessWildly) {
  EXPECT_EQ(nearest("storage", kKnown), "");
  EXPECT_EQ(nearest("", kKnown), "");
  EXPECT_EQ(nearest("oven", kKnown), "open");
  EXPECT_EQ(nearest("over", kKnown), "");
  EXPECT_EQ(nearest("x", {}), "");
}

TEST(Spelling, IsPutBehindAnError) {
  EXPECT_EQ(did_you_mean("http.hots", kKnown), "; did you mean \"http.host\"?");
  EXPECT_EQ(did_you_mean("storage", kKnown), "");
}

}  // namespace
}  // namespace entrepot::server
