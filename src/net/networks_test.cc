#include "net/networks.h"

#include "base/testing/assert_ok.h"

namespace entrepot::net {
namespace {

bool holds(const std::vector<std::string>& networks, std::string_view address) {
  return Networks::parse(networks).value().contains(address);
}

TEST(Networks, HoldWhatLiesInThem) {
  EXPECT_TRUE(holds({"10.0.0.0/8"}, "10.255.0.1"));
  EXPECT_FALSE(holds({"10.0.0.0/8"}, "11.0.0.1"));
  EXPECT_TRUE(holds({"192.0.2.128/25"}, "192.0.2.200"));
  EXPECT_FALSE(holds({"192.0.2.128/25"}, "192.0.2.100"));
  EXPECT_TRUE(holds({"192.0.2.1"}, "192.0.2.1"));
  EXPECT_FALSE(holds({"192.0.2.1"}, "192.0.2.2"));
  EXPECT_TRUE(holds({"2001:db8::/32"}, "2001:db8:1::7"));
  EXPECT_FALSE(holds({"2001:db8::/32"}, "2001:db9::7"));
  EXPECT_TRUE(holds({"10.0.0.0/8", "::1"}, "::1"));
  EXPECT_TRUE(holds({"0.0.0.0/0"}, "203.0.113.9"));
  EXPECT_FALSE(holds({"0.0.0.0/0"}, "2001:db8::1"));
  EXPECT_FALSE(holds({}, "10.0.0.1"));
}

TEST(Networks, AnIpv4AddressInIpv6IsTheSame) {
  EXPECT_TRUE(holds({"10.0.0.0/8"}, "::ffff:10.0.0.1"));
  EXPECT_TRUE(holds({"::ffff:10.0.0.0/104"}, "10.0.0.1"));
}

TEST(Networks, WhatIsNoAddressIsInNone) {
  for (const char* text : {"", "unknown", "10.0.0", "10.0.0.1:80", "[::1]", "10.0.0.1 "}) {
    EXPECT_FALSE(holds({"0.0.0.0/0", "::/0"}, text)) << text;
  }
}

TEST(Networks, SayWhatIsWrong) {
  for (const char* text : {"", "10.0.0.0/33", "10.0.0.0/", "10.0.0.0/-1", "10.0.0.0/8x", "::/129",
                           "example.com", "10.0.0.1/8", "10.0.0.0 /8"}) {
    EXPECT_FAILS(InvalidArgument, Networks::parse({text})) << text;
  }
}

}  // namespace
}  // namespace entrepot::net
