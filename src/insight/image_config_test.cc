#include "insight/image_config.h"

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"

namespace entrepot::insight {
namespace {

TEST(ImageConfigTest, ReadsWhatDockerWrites) {
  const auto config = parse_image_config(R"({
    "architecture": "arm64", "os": "linux", "variant": "v8", "created": "2026-01-02T03:04:05Z",
    "config": {"User": "app", "Env": ["A=1", "B=2"], "Entrypoint": null, "Cmd": ["sh", "-c"],
               "WorkingDir": "/srv", "ExposedPorts": {"80/tcp": {}, "443/tcp": {}},
               "Volumes": {"/data": {}}, "Labels": {"a": "b"}, "StopSignal": "SIGINT"},
    "rootfs": {"type": "layers", "diff_ids": ["sha256:1"]},
    "history": [{"created_by": "ADD x", "created": "2026-01-01T00:00:00Z"},
                {"created_by": "CMD y", "empty_layer": true}]})");
  ASSERT_OK(config);
  EXPECT_EQ(text_of(config->platform), "linux/arm64/v8");
  EXPECT_EQ(config->env, (std::vector<std::string>{"A=1", "B=2"}));
  EXPECT_FALSE(config->entrypoint.has_value());
  EXPECT_EQ(*config->cmd, (std::vector<std::string>{"sh", "-c"}));
  EXPECT_EQ(config->ports, (std::vector<std::string>{"80/tcp", "443/tcp"}));
  EXPECT_EQ(config->volumes, (std::vector<std::string>{"/data"}));
  EXPECT_EQ(config->labels.at("a"), "b");
  EXPECT_EQ(config->diff_ids, (std::vector<std::string>{"sha256:1"}));
  ASSERT_EQ(config->history.size(), 2u);
  EXPECT_FALSE(config->history[0].empty_layer);
  EXPECT_TRUE(config->history[1].empty_layer);
}

TEST(ImageConfigTest, FieldsOfAnotherTypeAreNotThere) {
  const auto config = parse_image_config(
      R"({"os": 3, "created": [], "config": {"Env": "A=1", "Labels": {"a": 1, "b": "c"},
          "ExposedPorts": []}})");
  ASSERT_OK(config);
  EXPECT_EQ(text_of(config->platform), "");
  EXPECT_TRUE(config->env.empty());
  EXPECT_EQ(config->labels.size(), 1u);
  EXPECT_TRUE(config->ports.empty());
}

TEST(ImageConfigTest, WhatIsNoConfigurationIsRefused) {
  for (const char* each : {"", "[]", "{", R"({"os":"a","OS":"b"})", R"({"history":[1]})",
                           R"({"config":[]})", R"({"history":{}})"}) {
    EXPECT_FAILS(InvalidArgument, parse_image_config(each)) << each;
  }
}

}  // namespace
}  // namespace entrepot::insight
