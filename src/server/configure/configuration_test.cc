#include "server/configure/configuration.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "base/testing/assert_ok.h"

namespace entrepot::server {
namespace {

class ConfigurationFile : public ::testing::Test {
 protected:
  void TearDown() override { std::remove(path_.c_str()); }

  void write(const std::string& text) { std::ofstream(path_) << text; }

  Result<Configuration> load(Environment environment = {}, std::vector<Setting> flags = {}) {
    return load_configuration({path_, std::move(environment), std::move(flags)});
  }
  std::string error_of(const std::string& text) {
    write(text);
    const auto loaded = load();
    if (loaded) return "no error";
    const std::string& message = loaded.error().message;
    return message.starts_with(path_) ? message.substr(path_.size()) : message;
  }

  const std::string path_ =
      fmt::format("{}/entrepot_configuration_{}.yml", ::testing::TempDir(), getpid());
};

TEST(Configuration, NeedsNoFile) {
  const auto loaded = load_configuration({}).value();
  EXPECT_EQ(loaded.options.data, "/var/lib/entrepot");
  EXPECT_TRUE(loaded.warnings.empty());
  EXPECT_FALSE(loaded.from_registry2);
}

TEST_F(ConfigurationFile, TellsWhereEachValueCameFrom) {
  write("data: /srv/a\nhttp:\n  idle_timeout: 9s\n  drain_timeout: 9s\n");
  const auto loaded = load({{"ENTREPOT_HTTP_DRAIN_TIMEOUT", "8s"}, {"ENTREPOT_OPEN", "1"}},
                           {{find_option("data"), {"/srv/b"}, "--data"}})
                          .value();
  const auto origin = [&](std::string_view path) {
    const auto found = loaded.origins.find(find_option(path));
    return found == loaded.origins.end() ? "" : found->second;
  };
  EXPECT_EQ(origin("data"), "--data");
  EXPECT_EQ(origin("http.idle_timeout"), path_ + ":3");
  EXPECT_EQ(origin("http.drain_timeout"), "ENTREPOT_HTTP_DRAIN_TIMEOUT");
  EXPECT_EQ(origin("open"), "ENTREPOT_OPEN");
  EXPECT_EQ(loaded.origins.size(), 4u);
  write("version: 0.1\nstorage: {filesystem: }\nhttp:\n  addr: :5001\n");
  const auto registry2 = load().value();
  EXPECT_EQ(registry2.origins.at(find_option("http.listen")), path_ + ":4: http.addr");
  EXPECT_EQ(registry2.origins.at(find_option("data")), "distribution's default");
}

TEST_F(ConfigurationFile, SetsEveryKindOfOption) {
  write(R"(
data: /srv/registry
open: yes
names: [registry.example, other.example]
http:
  listen: ["0.0.0.0:5000", "[::]:5000"]
  idle_timeout: 90s
  headers:
    X-Frame-Options: DENY
    Vary: [Accept, Origin]
limits: {head: 32KiB, connections: 50}
manifests: {missing: accept}
log:
)");
  const Options options = load().value().options;
  EXPECT_EQ(options.data, "/srv/registry");
  EXPECT_TRUE(options.open);
  EXPECT_EQ(options.names.size(), 2u);
  EXPECT_EQ(options.http_listen, (std::vector<ListenAddress>{{"0.0.0.0", 5000}, {"::", 5000}}));
  EXPECT_EQ(options.http_idle_timeout, std::chrono::seconds(90));
  EXPECT_EQ(options.http_headers,
            (std::vector<HeaderLine>{
                {"X-Frame-Options", "DENY"}, {"Vary", "Accept"}, {"Vary", "Origin"}}));
  EXPECT_EQ(options.limits_head, Size{32 << 10});
  EXPECT_EQ(options.limits_connections, 50u);
  EXPECT_EQ(options.manifests_missing, "accept");
}

TEST_F(ConfigurationFile, FlagsOverEnvironmentOverFile) {
  write("log: {level: debug, format: json}\naccess_log: {format: json}\n");
  const Setting flag{find_option("log.level"), {"error"}, "--log.level"};
  const Options options =
      load({{"ENTREPOT_LOG_FORMAT", "text"}, {"ENTREPOT_LOG_LEVEL", "warning"}}, {flag})
          .value()
          .options;
  EXPECT_EQ(options.log_level, "error");
  EXPECT_EQ(options.log_format, "text");
  EXPECT_EQ(options.access_log_format, "json");
}

TEST_F(ConfigurationFile, ErrorsNameFileLineAndKey) {
  EXPECT_EQ(error_of("open: true\nhttp:\n  lsiten: x\n"),
            ":3: unknown key \"http.lsiten\"; did you mean \"http.listen\"?");
  EXPECT_EQ(error_of("bogus: {a: 1}\n"), ":1: unknown key \"bogus\"");
  EXPECT_EQ(error_of("http: 5\n"), ":1: http: has to be a map of keys");
  EXPECT_EQ(error_of("- a\n"), ":1: the document: has to be a map of keys");
  EXPECT_EQ(error_of("\ndata: [a, b]\n"), ":2: data: has to be one value");
  EXPECT_EQ(error_of("data:\n"), ":1: data: has to be one value");
  EXPECT_EQ(error_of("http: {listen: {a: b}}\n"), ":1: http.listen: has to be a list");
  EXPECT_EQ(error_of("open: perhaps\n"), ":1: open: \"perhaps\" is neither true nor false");
  EXPECT_EQ(error_of("http: {tls: {key: a.pem}}\n"),
            "http.tls.certificate and http.tls.key: both or neither have to be set");
  EXPECT_EQ(error_of("http: {listen: []}\n"), "http.listen: needs at least one address");
}

// A key that can be guessed lets strangers make upload locations.
TEST_F(ConfigurationFile, ShortSecretsAreRefused) {
  EXPECT_TRUE(
      error_of("http:\n  secret: tooshort\n").starts_with(":2: http.secret: has to be at "));
  write("open: true\n");
  EXPECT_FAILS(InvalidArgument, load({{"ENTREPOT_HTTP_SECRET", "a"}}));
  EXPECT_OK(load({{"ENTREPOT_HTTP_SECRET", "0123456789abcdef0123456789abcdef"}}));
  EXPECT_OK(load({{"REGISTRY_HTTP_SECRET", "a"}}));
}

TEST(Configuration, MissingFileIsAnError) {
  EXPECT_FAILS(NotFound, load_configuration({"/nonexistent/entrepot.yml", {}, {}}));
}

// The image is started as registry:2's was: `docker run -v
// config.yml:/etc/distribution/config.yml`.
TEST_F(ConfigurationFile, ImageBehavesAsRegistrysImage) {
  ConfigurationSources sources;
  sources.environment = {{"ENTREPOT_IMAGE", "1"}};
  sources.mounted = {"/nonexistent/config.yml", path_};
  const auto bare = load_configuration(sources).value();
  EXPECT_EQ(bare.options.http_listen, (std::vector<ListenAddress>{{"", 5000}}));
  EXPECT_EQ(bare.options.data, "/var/lib/registry");
  EXPECT_FALSE(bare.from_registry2);

  write("version: 0.1\nstorage: {filesystem: {rootdirectory: /srv}}\nhttp: {addr: ':5001'}\n");
  const auto mounted = load_configuration(sources).value();
  EXPECT_EQ(mounted.options.http_listen, (std::vector<ListenAddress>{{"", 5001}}));
  EXPECT_EQ(mounted.options.data, "/srv");
  EXPECT_TRUE(mounted.from_registry2);

  sources.environment.clear();
  EXPECT_EQ(load_configuration(sources).value().options.data, "/var/lib/entrepot");
}

// Ours over theirs, whatever the file is.
TEST_F(ConfigurationFile, OwnVariablesWinOverDistributions) {
  write("version: 0.1\nstorage: filesystem\nhttp: {addr: ':1'}\n");
  const auto loaded = load({{"ENTREPOT_HTTP_LISTEN", ":3"},
                            {"REGISTRY_HTTP_ADDR", ":2"},
                            {"REGISTRY_STORAGE_DELETE_ENABLED", "true"}})
                          .value();
  EXPECT_EQ(loaded.options.http_listen, (std::vector<ListenAddress>{{"", 3}}));
  EXPECT_TRUE(loaded.options.storage_delete);
  EXPECT_TRUE(loaded.from_registry2);
}

}  // namespace
}  // namespace entrepot::server
