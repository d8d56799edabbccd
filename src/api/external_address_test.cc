#include "api/external_address.h"

#include <gtest/gtest.h>

#include "http/server/testing/request.h"

namespace entrepot::api {
namespace {

std::string address(std::string_view headers, bool tls = false) {
  auto peer = http::server::testing::loopback_peer();
  peer.tls = tls;
  return external_address(http::server::testing::request_from(
      "POST /v2/a/blobs/uploads/ HTTP/1.1\nHost: h.example:5000\n" + std::string(headers), peer));
}

TEST(ExternalAddress, IsTheRequestsOwnWhenNobodySaysMore) {
  EXPECT_EQ(address(""), "http://h.example:5000");
  EXPECT_EQ(address("", true), "https://h.example:5000");
}

// Each as docker-registry 2.8.2 and distribution 3.1.2 answer it.
TEST(ExternalAddress, IsWhatAProxySaysAsDistributionReadsIt) {
  for (const auto& [headers, wanted] : std::initializer_list<std::pair<const char*, const char*>>{
           {"X-Forwarded-Proto: https", "https://h.example:5000"},
           {"X-Forwarded-Host: a.example, b.example", "http://a.example"},
           {"X-Forwarded-Host: x.example:1\nX-Forwarded-Port: 8443\nX-Forwarded-Proto: https",
            "https://x.example:1"},
           {"X-Forwarded-Host: x.example\nX-Forwarded-Port: 8443", "http://x.example"},
           {"X-Forwarded-Port: 8443", "http://h.example:5000"},
           {"X-Forwarded-Scheme: https", "http://h.example:5000"},
           {"X-Forwarded-Ssl: on", "http://h.example:5000"},
           {"X-Forwarded-Prefix: /p", "http://h.example:5000"},
           {"Forwarded: proto=https;host=f.example", "https://f.example"},
           {"Forwarded: for=1;host=\"f.example:8443\"", "http://f.example:8443"},
           {"Forwarded: host=one, host=two", "http://one"},
           {"Forwarded: garbage", "http://h.example:5000"},
           {"Forwarded: for=1\nX-Forwarded-Proto: https\nX-Forwarded-Host: x.example",
            "http://h.example:5000"}}) {
    EXPECT_EQ(address(headers), wanted) << headers;
  }
}

TEST(ExternalAddress, SpellingsOfTheSame) {
  for (const char* headers :
       {"X-Forwarded-Proto: HTTPS\nX-Forwarded-Host: [2001:db8::1]:8443",
        "X-Forwarded-Proto: https, http\nX-Forwarded-Host: [2001:db8::1]:8443, proxy",
        "Forwarded: For=\"[::2]:80\" ; Host=\"[2001:db8::1]:8443\" ; Proto=https",
        "Forwarded: proto=https;host=\"[2001:db8::1]:8443\", for=10.0.0.1;proto=http"}) {
    EXPECT_EQ(address(headers), "https://[2001:db8::1]:8443") << headers;
  }
}

// What a value could break out of its place by counts as not said.
TEST(ExternalAddress, NothingLeavesItsPlaceInTheUrl) {
  for (const char* headers : {"X-Forwarded-Host: x/y",
                              "X-Forwarded-Host: a b",
                              "X-Forwarded-Host: u@evil.example",
                              "X-Forwarded-Host: evil.example?",
                              "X-Forwarded-Host: evil.example#",
                              "X-Forwarded-Host: ",
                              "X-Forwarded-Host: ,evil.example",
                              "X-Forwarded-Host: evil.example\\@x",
                              "X-Forwarded-Host: evil.example:",
                              "X-Forwarded-Host: evil.example:99999",
                              "X-Forwarded-Host: evil.example:80:80",
                              "X-Forwarded-Host: [::1",
                              "X-Forwarded-Host: []",
                              "X-Forwarded-Host: <script>",
                              "X-Forwarded-Proto: ftp",
                              "X-Forwarded-Proto: https://x",
                              "X-Forwarded-Proto: javascript",
                              "Forwarded: host=\"a/b\"",
                              "Forwarded: host=\"evil",
                              "Forwarded: proto=\"https:\";host=\"x y\"",
                              "Forwarded: for=\"x, host=evil.example\""}) {
    EXPECT_EQ(address(headers), "http://h.example:5000") << headers;
  }
}

// Where a password goes to.
TEST(AddressForSecrets, NamesAnotherHostForATrustedProxyAlone) {
  const auto address = [](std::string_view headers, bool proxy, bool tls) {
    auto peer = http::server::testing::loopback_peer();
    peer.is_proxy = proxy;
    peer.tls = tls;
    return address_for_secrets(http::server::testing::request_from(
        "GET /v2/ HTTP/1.1\nHost: h.example:5000\n" + std::string(headers), peer));
  };
  constexpr std::string_view kForwarded = "X-Forwarded-Host: x.example\nX-Forwarded-Proto: https";
  EXPECT_EQ(address(kForwarded, true, false), "https://x.example");
  EXPECT_EQ(address(kForwarded, false, false), "https://h.example:5000");
  EXPECT_EQ(address("X-Forwarded-Proto: http", false, true), "https://h.example:5000");
  EXPECT_EQ(address("X-Forwarded-Proto: http", true, true), "https://h.example:5000");
  EXPECT_EQ(address("", false, false), "http://h.example:5000");
}

}  // namespace
}  // namespace entrepot::api
