#include "server/configure/docker_credentials.h"

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"

namespace entrepot::server {
namespace {

TEST(DockerCredentials, AreReadAsDockerWritesThem) {
  const auto read = parse_docker_credentials(R"({
    "auths": {
      "https://index.docker.io/v1/": {"auth": "YWxpY2U6cGE6c3M="},
      "registry.example.com:5000": {"username": "bob", "password": "secret"}
    },
    "HttpHeaders": {"User-Agent": "Docker-Client/20.10"}
  })");
  ASSERT_OK(read);
  ASSERT_EQ(read->size(), 2u);
  EXPECT_EQ(read->at("docker.io").username, "alice");
  EXPECT_EQ(read->at("docker.io").password, "pa:ss");
  EXPECT_EQ(read->at("registry.example.com:5000").username, "bob");
}

TEST(DockerCredentials, AFileWithoutAnyIsFine) {
  EXPECT_OK(parse_docker_credentials("{}"));
  EXPECT_OK(parse_docker_credentials(R"({"auths": {}})"));
}

// Nobody is asked as a stranger because his secret could not be read.
TEST(DockerCredentials, WhatCannotBeUsedIsAnError) {
  for (const char* wrong :
       {"", "[]", R"({"auths": []})", R"({"auths": {"quay.io": {}}})",
        R"({"auths": {"quay.io": {"auth": "%%"}}})", R"({"auths": {"quay.io": {"auth": "YQ=="}}})",
        R"({"auths": {"quay.io": {"identitytoken": "x"}}})"}) {
    EXPECT_FAILS(InvalidArgument, parse_docker_credentials(wrong)) << wrong;
  }
}

}  // namespace
}  // namespace entrepot::server
