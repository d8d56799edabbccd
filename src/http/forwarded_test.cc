#include "http/forwarded.h"

#include <gtest/gtest.h>

#include "http/server/testing/request.h"
#include "net/networks.h"

namespace entrepot::http {
namespace {

using server::testing::Headers;

// As a server makes it that trusts 10.0.0.0/8.
std::string address(const std::string& peer_address, const Headers& headers) {
  Peer peer = server::testing::loopback_peer();
  peer.address = peer_address;
  peer.proxies =
      std::make_shared<const net::Networks>(net::Networks::parse({"10.0.0.0/8"}).value());
  peer.is_proxy = peer.proxies->contains(peer_address);
  const auto request = server::testing::make_request("GET", "/v2/", headers, peer);
  return std::string(client_address(request));
}

TEST(ClientAddress, IsThePeersUnlessThatIsATrustedProxy) {
  EXPECT_EQ(address("192.0.2.1", {{"X-Forwarded-For", "203.0.113.9"}}), "192.0.2.1");
  EXPECT_EQ(address("10.0.0.1", {{"X-Forwarded-For", "203.0.113.9"}}), "203.0.113.9");
  EXPECT_EQ(address("10.0.0.1", {}), "10.0.0.1");
}

// What the client wrote itself stands before what the proxies add.
TEST(ClientAddress, IsTheNearestThatIsNoProxyOfOurs) {
  EXPECT_EQ(address("10.0.0.1", {{"X-Forwarded-For", "127.0.0.1, 203.0.113.9, 10.0.0.2"}}),
            "203.0.113.9");
  EXPECT_EQ(
      address("10.0.0.1", {{"X-Forwarded-For", "127.0.0.1"}, {"X-Forwarded-For", "203.0.113.9"}}),
      "203.0.113.9");
  EXPECT_EQ(address("10.0.0.1", {{"X-Forwarded-For", "10.0.0.3, 10.0.0.2"}}), "10.0.0.3");
}

TEST(ClientAddress, IsReadFromForwardedFirst) {
  EXPECT_EQ(
      address("10.0.0.1", {{"X-Forwarded-For", "203.0.113.1"},
                           {"Forwarded", "for=192.0.2.43;proto=https, For=\"[2001:db8::7]:80\""}}),
      "2001:db8::7");
  EXPECT_EQ(address("10.0.0.1", {{"Forwarded", "proto=https;for=192.0.2.43"}}), "192.0.2.43");
}

// An empty part is no address; what stands before it is not believed either.
TEST(ClientAddress, EmptyPartsEndTheChain) {
  EXPECT_EQ(address("10.0.0.1", {{"X-Forwarded-For", "203.0.113.9, , 10.0.0.2"}}), "10.0.0.2");
  EXPECT_EQ(address("10.0.0.1", {{"X-Forwarded-For", "203.0.113.9,"}}), "10.0.0.1");
  EXPECT_EQ(address("10.0.0.1", {{"X-Forwarded-For", ",203.0.113.9"}}), "203.0.113.9");
}

TEST(ClientAddress, FormsOfAddresses) {
  EXPECT_EQ(address("10.0.0.1", {{"X-Forwarded-For", "203.0.113.9:4711"}}), "203.0.113.9");
  EXPECT_EQ(address("10.0.0.1", {{"X-Forwarded-For", "2001:db8::1"}}), "2001:db8::1");
  EXPECT_EQ(address("10.0.0.1", {{"X-Forwarded-For", "[2001:db8::1]:80"}}), "2001:db8::1");
}

// Nobody is let in by a word: the address is then that of the last proxy that is known.
TEST(ClientAddress, WhatIsNoAddressIsNotBelieved) {
  for (const char* text : {"unknown", "_hidden", "", "localhost", "203.0.113.9 x", "[::1"}) {
    EXPECT_EQ(address("10.0.0.1", {{"X-Forwarded-For", text}}), "10.0.0.1") << text;
    EXPECT_EQ(address("10.0.0.1", {{"X-Forwarded-For", std::string(text) + ", 10.0.0.2"}}),
              "10.0.0.2")
        << text;
  }
  EXPECT_EQ(address("10.0.0.1", {{"Forwarded", "proto=https"}}), "10.0.0.1");
}

}  // namespace
}  // namespace entrepot::http
