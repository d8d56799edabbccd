#include "mirror/names.h"

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"

namespace entrepot::mirror {
namespace {

// docker.io and one of a company, which stands behind all that is not "acme/…" or "tool".
class NamesTest : public ::testing::Test {
 protected:
  static std::vector<UpstreamName> upstreams() {
    return {Names::parse_name("docker.io").value(),
            {"registry.example.com", {"registry.example.com:5000"}}};
  }

  std::string meant_by(const Names& names, std::string_view repository, std::string_view ns = "",
                       bool is_pull = true) {
    const auto is_local = [](std::string_view name) {
      return name.starts_with("acme/") || name == "tool";
    };
    auto meant = names.meant_by(repository, ns, is_pull, is_local);
    if (!meant) return std::string(name_of(meant.error().code));
    return meant->value_or("as it stands");
  }

  const Names plain{upstreams(), ""};
  const Names rooted{upstreams(), "docker.io"};
};

TEST_F(NamesTest, AllFormsMeanOneRepository) {
  const std::string nginx = "docker.io/library/nginx";
  EXPECT_EQ(meant_by(plain, "docker.io/library/nginx"), nginx);
  EXPECT_EQ(meant_by(plain, "library/nginx", "docker.io"), nginx);
  EXPECT_EQ(meant_by(plain, "docker.io/library/nginx", "docker.io"), nginx);
  EXPECT_EQ(meant_by(rooted, "library/nginx"), nginx);
  EXPECT_EQ(meant_by(rooted, "library/nginx", "docker.io"), nginx);
}

TEST_F(NamesTest, DockerHubHasAliasesAndALibrary) {
  const std::string nginx = "docker.io/library/nginx";
  EXPECT_EQ(meant_by(plain, "docker.io/nginx"), nginx);
  EXPECT_EQ(meant_by(plain, "index.docker.io/nginx"), nginx);
  EXPECT_EQ(meant_by(plain, "nginx", "registry-1.docker.io"), nginx);
  EXPECT_EQ(meant_by(rooted, "nginx"), nginx);
  EXPECT_EQ(meant_by(plain, "docker.io/grafana/grafana"), "docker.io/grafana/grafana");
  EXPECT_EQ(meant_by(plain, "registry.example.com/nginx"), "registry.example.com/nginx");
}

TEST_F(NamesTest, PortsDoNotCountInNs) {
  EXPECT_EQ(meant_by(plain, "app", "registry.example.com:5000"), "registry.example.com/app");
  EXPECT_EQ(meant_by(plain, "app", "registry.example.com:443"), "registry.example.com/app");
}

TEST_F(NamesTest, AnUnknownNsIsNotFound) {
  EXPECT_EQ(meant_by(plain, "library/nginx", "quay.io"), "NotFound");
  EXPECT_EQ(meant_by(rooted, "library/nginx", "169.254.169.254"), "NotFound");
  EXPECT_EQ(meant_by(rooted, "library/nginx", "docker.io/../x"), "NotFound");
}

TEST_F(NamesTest, WhatIsOursNeverGoesUpstream) {
  EXPECT_EQ(meant_by(rooted, "acme/app"), "as it stands");
  EXPECT_EQ(meant_by(rooted, "acme/absent"), "as it stands");
  EXPECT_EQ(meant_by(rooted, "tool"), "as it stands");
  EXPECT_EQ(meant_by(plain, "library/nginx"), "as it stands");
}

TEST_F(NamesTest, APushNamesWhatItSays) {
  EXPECT_EQ(meant_by(rooted, "library/nginx", "", false), "as it stands");
  EXPECT_EQ(meant_by(rooted, "docker.io/nginx", "", false), "docker.io/library/nginx");
}

TEST_F(NamesTest, WhatBecomesTooLongIsRefused) {
  EXPECT_EQ(meant_by(plain, std::string(250, 'a'), "docker.io"), "InvalidArgument");
}

TEST_F(NamesTest, PlacesAreToldByTheFirstPart) {
  EXPECT_EQ(plain.place_of("docker.io/library/nginx")->path, "library/nginx");
  EXPECT_EQ(plain.place_of("registry.example.com/a/b")->upstream, 1u);
  EXPECT_FALSE(plain.place_of("docker.io"));
  EXPECT_FALSE(plain.place_of("docker.iox/library/nginx"));
  EXPECT_FALSE(plain.place_of("acme/docker.io"));
}

TEST_F(NamesTest, APrefixStandsInFrontOfV2) {
  EXPECT_EQ(plain.at_front_of("/docker.io/v2/library/nginx/manifests/1"), "docker.io");
  EXPECT_EQ(plain.at_front_of("/docker.io/v2"), "docker.io");
  EXPECT_EQ(plain.at_front_of("/docker.io/v20"), "");
  EXPECT_EQ(plain.at_front_of("/quay.io/v2/"), "");
  EXPECT_EQ(plain.at_front_of("/v2/docker.io/v2/manifests/1"), "");
  EXPECT_EQ(plain.at_front_of(""), "");
}

TEST_F(NamesTest, AnUpstreamIsAHostNameWithADot) {
  EXPECT_TRUE(Names::parse_name("ghcr.io"));
  for (const char* name : {"", "acme", "docker.io/x", "Docker.io", "docker.io:443", "..", "a..b"}) {
    EXPECT_FAILS(InvalidArgument, Names::parse_name(name)) << name;
  }
}

}  // namespace
}  // namespace entrepot::mirror
