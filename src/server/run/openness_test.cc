#include "server/run/openness.h"

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
  EXPECT_EQ(decided.reach, auth::Reach::ThisMachine);
  EXPECT_FALSE(decided.needs_account);
}

TEST_F(OpennessTest, APasswordFileOpensNothing) {
  auto configuration = listening_on({{"127.0.0.1", 5000}});
  configuration.options.auth_htpasswd = "/htpasswd";
  configuration.options.open = true;
  configuration.from_registry2 = true;
  EXPECT_EQ(decide_openness(configuration).reach, auth::Reach::ThisMachine);
  EXPECT_TRUE(decide_openness(configuration).needs_account);
}

TEST_F(OpennessTest, OtherAddressesNeedAnAccountOrToBeMeant) {
  for (const char* host : {"", "0.0.0.0", "::", "10.1.2.3"}) {
    auto configuration = listening_on({{"127.0.0.1", 5000}, {host, 5000}});
    EXPECT_TRUE(decide_openness(configuration).needs_account) << host;
    EXPECT_EQ(decide_openness(configuration).reach, auth::Reach::ThisMachine) << host;
    configuration.options.open = true;
    EXPECT_FALSE(decide_openness(configuration).needs_account) << host;
    EXPECT_EQ(decide_openness(configuration).reach, auth::Reach::Everybody) << host;
  }
}

// Its directories do not tell whether it asked for passwords.
TEST_F(OpennessTest, WhatDistributionsConfigurationServedStaysOpenAndItsDirectoriesOpenNothing) {
  auto configuration = listening_on({{"", 5000}});
  configuration.from_registry2 = true;
  EXPECT_EQ(decide_openness(configuration).reach, auth::Reach::Everybody);

  configuration.from_registry2 = false;
  std::filesystem::create_directories(temporary_ / "docker/registry/v2/repositories.adopted");
  EXPECT_EQ(decide_openness(configuration).reach, auth::Reach::ThisMachine);
  EXPECT_TRUE(decide_openness(configuration).needs_account);
}

TEST_F(OpennessTest, OwnNamesAndPagesComeFromTheOptions) {
  auto options = listening_on({{"127.0.0.1", 5000}}).options;
  options.http_host = "https://registry.example.org:8443/path";
  EXPECT_FALSE(door_options(options, auth::Reach::Everybody).names_are_complete)
      << "http.host is where answers lead to, not all names that there are";
  options.names = {"nas.example.org"};
  options.http_origins = {"https://page.example"};
  options.http_headers = {{"Access-Control-Allow-Origin", "http://ui.example, http://b.example"},
                          {"access-control-allow-origin", "https://*.example"},
                          {"X-Other", "http://no.example"}};
  const auto door = door_options(options, auth::Reach::Everybody);
  EXPECT_TRUE(door.names_are_complete);
  EXPECT_EQ(door.own_names, (std::vector<std::string>{"nas.example.org", "registry.example.org"}));
  EXPECT_EQ(door.origins, (std::vector<std::string>{"https://page.example", "http://ui.example",
                                                    "http://b.example"}));
}

TEST_F(OpennessTest, WhatIsWiderThanItSeemsIsWarnedAbout) {
  auto options = listening_on({{"127.0.0.1", 5000}}).options;
  const auto warned = [&](auth::Reach reach) {
    return door_warnings(options, {.reach = reach, .why = "of something"}).size();
  };
  EXPECT_EQ(warned(auth::Reach::ThisMachine), 0u);
  EXPECT_EQ(warned(auth::Reach::Everybody), 1u);
  options.http_headers = {{"Access-Control-Allow-Origin", "*"}};
  EXPECT_EQ(warned(auth::Reach::Everybody), 2u);
  options.http_headers = {{"Access-Control-Allow-Origin", "https://*.example"}};
  EXPECT_EQ(warned(auth::Reach::Everybody), 2u);
}

}  // namespace
}  // namespace entrepot::server
