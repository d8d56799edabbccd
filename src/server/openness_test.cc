#include "server/openness.h"

#include <filesystem>

#include "base/testing/assert_ok.h"
#include "base/testing/temporary_directory.h"

namespace entrepot::server {
namespace {

class OpennessTest : public ::testing::Test {
 protected:
  Configuration listening_on(std::vector<ListenAddress> addresses) {
    Configuration configuration;
    configuration.options = initial_options();
    configuration.options.data = temporary_.path();
    configuration.options.http_listen = std::move(addresses);
    return configuration;
  }

  const testing::TemporaryDirectory temporary_;
};

TEST_F(OpennessTest, LoopbackNeedsNothing) {
  const auto decided = decide_openness(listening_on({{"127.0.0.1", 5000}, {"::1", 5000}}));
  ASSERT_OK(decided);
  EXPECT_FALSE(decided->anywhere);
}

TEST_F(OpennessTest, OtherAddressesNeedToBeMeant) {
  for (const char* host : {"", "0.0.0.0", "::", "10.1.2.3"}) {
    auto configuration = listening_on({{"127.0.0.1", 5000}, {host, 5000}});
    const auto refused = decide_openness(configuration);
    EXPECT_FAILS(Denied, refused) << host;
    EXPECT_NE(refused.error().message.find("--open"), std::string::npos);
    configuration.options.open = true;
    EXPECT_TRUE(decide_openness(configuration).value().anywhere) << host;
  }
}

TEST_F(OpennessTest, WhatDistributionServedStaysOpen) {
  auto configuration = listening_on({{"", 5000}});
  configuration.from_registry2 = true;
  EXPECT_TRUE(decide_openness(configuration).value().anywhere);

  configuration.from_registry2 = false;
  std::filesystem::create_directories(temporary_ / "docker/registry/v2/repositories.adopted");
  EXPECT_TRUE(decide_openness(configuration).value().anywhere);
}

}  // namespace
}  // namespace entrepot::server
