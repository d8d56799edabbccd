#include "http/server/internal/ticket_keys.h"

#include <gtest/gtest.h>

#include "base/testing/fake_clock.h"

namespace entrepot::http::server::internal {
namespace {

using std::chrono::hours;
using std::chrono::minutes;

class TicketKeysTest : public ::testing::Test {
 protected:
  bool opens(const TicketKeys::Key& key, bool renewed = false) {
    bool renew = false;
    const auto found = keys_.opening(key.name.data(), &renew);
    return found && found->cipher == key.cipher && found->mac == key.mac && renew == renewed;
  }

  testing::FakeClock clock_;
  TicketKeys keys_{clock_};
};

TEST_F(TicketKeysTest, ADayIsSealedWithOneKey) {
  const auto first = keys_.sealing();
  clock_.advance(hours(23));
  EXPECT_EQ(keys_.sealing().name, first.name);
  EXPECT_TRUE(opens(first));
  clock_.advance(hours(1));
  const auto second = keys_.sealing();
  EXPECT_NE(second.name, first.name);
  EXPECT_NE(second.cipher, first.cipher);
  EXPECT_NE(second.mac, first.mac);
}

// A ticket of the last minute is good for its whole life; then nobody can open it, we neither.
TEST_F(TicketKeysTest, AKeyOpensAsLongAsItsTicketsLive) {
  const auto first = keys_.sealing();
  clock_.advance(TicketKeys::kSealsFor);
  keys_.turn();
  EXPECT_TRUE(opens(first, /*renewed=*/true));
  clock_.advance(TicketKeys::kTicketLife - minutes(1));
  EXPECT_TRUE(opens(first, /*renewed=*/true));
  clock_.advance(minutes(1));
  EXPECT_FALSE(opens(first, /*renewed=*/true));
}

// Nobody connected for days: the first turn after that leaves nothing of before.
TEST_F(TicketKeysTest, WhatIsTooOldGoesAtOnce) {
  const auto first = keys_.sealing();
  clock_.advance(hours(72));
  keys_.turn();
  EXPECT_FALSE(opens(first, /*renewed=*/true));
  EXPECT_FALSE(opens(first));
}

TEST_F(TicketKeysTest, AStrangersTicketIsNotOpened) {
  TicketKeys::Key invented;
  EXPECT_FALSE(opens(invented));
}

}  // namespace
}  // namespace entrepot::http::server::internal
