#include "remote/internal/challenge.h"

#include <gtest/gtest.h>

namespace entrepot::remote {
namespace {

using Kind = Challenge::Kind;

std::optional<Challenge> challenge(std::string text) {
  return find_challenge({{"www-authenticate", std::move(text)}});
}

TEST(RemoteChallenge, ReadsWhatRegistriesSend) {
  const auto hub = challenge(
      "Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\","
      "scope=\"repository:library/nginx:pull,push\"");
  const Challenge wanted{.kind = Kind::Bearer,
                         .realm = "https://auth.docker.io/token",
                         .service = "registry.docker.io",
                         .scope = "repository:library/nginx:pull,push"};
  EXPECT_EQ(hub, wanted);
  EXPECT_EQ(challenge("Basic realm=\"https://1.dkr.ecr.eu-west-1.amazonaws.com/\","
                      "service=\"ecr.amazonaws.com\""),
            Challenge{});
}

TEST(RemoteChallenge, IsLiberalAboutItsForm) {
  for (const char* text :
       {"bearer Realm=\"https://x/t\", SERVICE=\"s\"", "BEARER realm=https://x/t,service=s",
        "Bearer  realm = \"https://x/t\" ,, service=\"s\"",
        "Bearer realm=\"https:\\/\\/x/t\" service=\"s\""}) {
    const auto read = challenge(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(read->realm, "https://x/t") << text;
    EXPECT_EQ(read->service, "s") << text;
  }
}

TEST(RemoteChallenge, PrefersATokenToAPassword) {
  for (const char* text :
       {"Basic realm=\"a, Bearer\", Bearer realm=\"b\"", "Bearer realm=\"b\", Basic realm=\"a\"",
        "Negotiate, NTLM, Bearer realm=\"b\"", "Bearer, Bearer realm=\"\", Bearer realm=\"b\""}) {
    const auto read = challenge(text);
    ASSERT_TRUE(read) << text;
    EXPECT_EQ(read->kind, Kind::Bearer) << text;
    EXPECT_EQ(read->realm, "b") << text;
  }
  const auto two = find_challenge(
      {{"WWW-Authenticate", "Basic realm=\"a\""}, {"WWW-Authenticate", "Bearer realm=\"b\""}});
  ASSERT_TRUE(two);
  EXPECT_EQ(two->realm, "b");
}

TEST(RemoteChallenge, ReadsNothingBehindWhatIsNone) {
  for (const char* text : {"", ",", "=", "\"", "realm=\"b\"", "Bearer", "Digest realm=\"x\"",
                           "Bearer realm=\"b", "Bearer \"x\", realm=\"b\""}) {
    EXPECT_EQ(challenge(text), std::nullopt) << text;
  }
  EXPECT_EQ(find_challenge({{"Authenticate", "Bearer realm=\"b\""}}), std::nullopt);
}

}  // namespace
}  // namespace entrepot::remote
