#include "server/options/environment.h"

#include "base/testing/assert_ok.h"

namespace entrepot::server {
namespace {

const Setting* find(const EnvironmentSettings& settings, std::string_view path) {
  for (const Setting& setting : settings.settings) {
    if (setting.option->path == path) return &setting;
  }
  return nullptr;
}

TEST(Environment, NamesAreThePathInCapitals) {
  const auto read = read_environment({{"ENTREPOT_HTTP_TLS_CERTIFICATE", "/cert.pem"},
                                      {"ENTREPOT_OPEN", "1"},
                                      {"HOME", "/root"}})
                        .value();
  ASSERT_EQ(read.settings.size(), 2u);
  EXPECT_EQ(find(read, "http.tls.certificate")->values.at(0), "/cert.pem");
  EXPECT_EQ(find(read, "http.tls.certificate")->where, "ENTREPOT_HTTP_TLS_CERTIFICATE");
  EXPECT_TRUE(read.warnings.empty());
}

TEST(Environment, HabitsFromElsewhereAreLedToTheName) {
  for (const char* name : {"ENTREPOT_LISTEN", "ENTREPOT_PORT", "ENTREPOT_ADDR"}) {
    const auto read = read_environment({{name, "5000"}}).value();
    EXPECT_TRUE(read.settings.empty());
    ASSERT_EQ(read.warnings.size(), 1u);
    EXPECT_NE(read.warnings[0].find("did you mean \"ENTREPOT_HTTP_LISTEN\"?"), std::string::npos)
        << read.warnings[0];
  }
  for (const char* name : {"ENTREPOT_REPLICAS", "ENTREPOT_BIN"}) {
    EXPECT_EQ(read_environment({{name, "3"}})->warnings.at(0).find("did you"), std::string::npos);
  }
}

TEST(Environment, ListsHaveCommasOrIndexes) {
  using Values = std::vector<std::string>;
  const auto commas = read_environment({{"ENTREPOT_HTTP_LISTEN", ":1, [::1]:2"}}).value();
  EXPECT_EQ(find(commas, "http.listen")->values, (Values{":1", "[::1]:2"}));

  const auto indexes =
      read_environment({{"ENTREPOT_NAMES_0", "a"}, {"ENTREPOT_NAMES_1", "b"}}).value();
  EXPECT_EQ(find(indexes, "names")->values, (Values{"a", "b"}));

  const auto headers = read_environment({{"ENTREPOT_HTTP_HEADERS", "Vary: a, b\nX-A: c"}}).value();
  EXPECT_EQ(find(headers, "http.headers")->values, (Values{"Vary: a, b", "X-A: c"}));

  EXPECT_FAILS(InvalidArgument, read_environment({{"ENTREPOT_NAMES_1", "b"}}));
  EXPECT_FAILS(InvalidArgument,
               read_environment({{"ENTREPOT_NAMES", "a"}, {"ENTREPOT_NAMES_0", "b"}}));
}

TEST(Environment, UnknownNamesOnlyWarn) {
  const auto read = read_environment({{"ENTREPOT_HTTP_LISTEM", "x"}}).value();
  EXPECT_TRUE(read.settings.empty());
  ASSERT_EQ(read.warnings.size(), 1u);
  EXPECT_NE(read.warnings[0].find("did you mean \"ENTREPOT_HTTP_LISTEN\"?"), std::string::npos);
}

// A service named "entrepot" makes Kubernetes set these in every container of its namespace.
TEST(Environment, KubernetesSpeaksToNobody) {
  const Environment injected = {{"ENTREPOT_PORT", "tcp://10.0.0.7:5000"},
                                {"ENTREPOT_PORT_5000_TCP", "tcp://10.0.0.7:5000"},
                                {"ENTREPOT_PORT_5000_TCP_ADDR", "10.0.0.7"},
                                {"ENTREPOT_PORT_5000_TCP_PORT", "5000"},
                                {"ENTREPOT_PORT_5000_TCP_PROTO", "tcp"},
                                {"ENTREPOT_SERVICE_HOST", "10.0.0.7"},
                                {"ENTREPOT_SERVICE_PORT", "5000"},
                                {"ENTREPOT_SERVICE_PORT_HTTP", "5000"},
                                {"ENTREPOT_UI_SERVICE_HOST", "10.0.0.8"}};
  const auto read = read_environment(injected).value();
  EXPECT_TRUE(read.settings.empty());
  EXPECT_TRUE(read.warnings.empty());
  EXPECT_FALSE(is_from_kubernetes("ENTREPOT_PORT", "5000"));
  EXPECT_FALSE(is_from_kubernetes("ENTREPOT_HTTP_LISTEN", ":5000"));
}

// Somebody who sets a password must not get a server that asks for none.
TEST(Environment, PasswordsAreNotIgnored) {
  const auto path_of = [](const char* name) {
    return read_environment({{name, "x"}})->settings.at(0).option->path;
  };
  EXPECT_EQ(path_of("ENTREPOT_ADMIN_PASSWORD"), "admin.password");
  EXPECT_EQ(path_of("ENTREPOT_ADMIN_PASSWORD_FILE"), "admin.password_file");
}

TEST(Environment, WhatCommandsGoByIsNoOption) {
  const auto read = read_environment({{"ENTREPOT_SERVER", "https://registry.example.com"}}).value();
  EXPECT_TRUE(read.settings.empty());
  EXPECT_TRUE(read.warnings.empty());
}

TEST(Environment, TheImageSaysSo) {
  EXPECT_TRUE(runs_in_own_image({{"ENTREPOT_IMAGE", "1"}}));
  EXPECT_FALSE(runs_in_own_image({{"ENTREPOT_IMAGE", "0"}}));
  EXPECT_FALSE(runs_in_own_image({}));
}

}  // namespace
}  // namespace entrepot::server
