#include "base/clock.h"

#include <gtest/gtest.h>

#include "base/testing/fake_clock.h"

namespace entrepot {
namespace {

TEST(Clock, PrintsRfc3339InUtc) {
  const std::pair<std::int64_t, std::string> cases[] = {
      {0, "1970-01-01T00:00:00.000000Z"},
      {1, "1970-01-01T00:00:00.000001Z"},
      {-1, "1969-12-31T23:59:59.999999Z"},
      {1'769'860'800'123'456, "2026-01-31T12:00:00.123456Z"},
      {951'782'400'000'000, "2000-02-29T00:00:00.000000Z"},
      {253'402'300'799'999'999, "9999-12-31T23:59:59.999999Z"},
  };
  for (const auto& [micros, text] : cases) EXPECT_EQ(to_rfc3339(from_unix_micros(micros)), text);
}

TEST(Clock, ReadsRfc3339WithAnyOffset) {
  const std::pair<std::string, std::int64_t> cases[] = {
      {"1970-01-01T00:00:00Z", 0},
      {"2026-01-31T12:00:00.123456Z", 1'769'860'800'123'456},
      {"2026-01-31t13:30:00.1234569+01:30", 1'769'860'800'123'456},
      {"2026-01-31T07:00:00.5-05:00", 1'769'860'800'500'000},
      {"9999-12-31T23:59:59.999999z", 253'402'300'799'999'999},
  };
  for (const auto& [text, micros] : cases) {
    EXPECT_EQ(parse_rfc3339(text), from_unix_micros(micros)) << text;
  }
  for (const char* text :
       {"", "2026-01-31", "2026-01-31T12:00:00", "2026-02-29T12:00:00Z", "2026-13-01T00:00:00Z",
        "2026-01-31T24:00:00Z", "2026-01-31T12:60:00Z", "2026-01-31T12:00:60Z",
        "2026-01-31 12:00:00Z", "2026-01-31T12:00:00.Z", "2026-01-31T12:00:00Zx",
        "2026-01-31T12:00:00+1:00", "2026-01-31T12:00:00+24:00", "-026-01-31T12:00:00Z",
        "1969-12-31T23:59:59Z", "2026-01-31T12:00:0aZ"}) {
    EXPECT_EQ(parse_rfc3339(text), std::nullopt) << text;
  }
}

TEST(Clock, StoredFormGoesBothWays) {
  for (const std::int64_t micros : {0L, -1L, 1'769'860'800'123'456L}) {
    EXPECT_EQ(to_unix_micros(from_unix_micros(micros)), micros);
  }
}

TEST(Clock, SystemTimeIsNowAndMoves) {
  const Clock& clock = Clock::system();
  EXPECT_GT(to_unix_micros(clock.wall()), 1'700'000'000'000'000);
  const SteadyTime before = clock.steady();
  EXPECT_LE(before, clock.steady());
}

TEST(FakeClock, MovesOnlyWhenTold) {
  testing::FakeClock clock;
  EXPECT_EQ(to_rfc3339(clock.wall()), "2026-01-01T00:00:00.000000Z");
  const SteadyTime before = clock.steady();
  EXPECT_EQ(clock.steady(), before);
  clock.advance(std::chrono::seconds(90));
  EXPECT_EQ(to_rfc3339(clock.wall()), "2026-01-01T00:01:30.000000Z");
  EXPECT_EQ(clock.steady() - before, std::chrono::seconds(90));
}

}  // namespace
}  // namespace entrepot
