#include "server/registry2/registry2.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "base/testing/assert_ok.h"

namespace entrepot::server {
namespace {

constexpr std::string_view kMinimal = "version: 0.1\nstorage: filesystem\n";

Result<Registry2Settings> read(std::string_view text, const Environment& environment = {}) {
  TRY_ASSIGN(auto document, parse_yaml(text, "config.yml"));
  return read_registry2(std::move(document), environment);
}

// The options after the settings were applied, or the error of the first that fails.
Result<Options> options_of(std::string_view text, const Environment& environment = {}) {
  TRY_ASSIGN(auto settings, read(text, environment));
  Options options = initial_options();
  for (const Setting& setting : settings.settings) TRY(apply(setting, options));
  return options;
}

std::string error_of(std::string_view text, const Environment& environment = {}) {
  const auto settings = read(text, environment);
  return settings ? "no error" : settings.error().message;
}

std::string with(std::string_view more) { return fmt::format("{}{}", kMinimal, more); }

TEST(Registry2, HonouredKeys) {
  const Options options = options_of(R"(
version: 0.1
log: {level: warn, formatter: json, accesslog: {disabled: true}}
storage:
  filesystem: {rootdirectory: /srv/data}
  delete: {enabled: true}
  maintenance:
    uploadpurging: {enabled: true, age: 48h, interval: 12h}
    readonly: {enabled: true}
http:
  addr: :5001
  prefix: /my/registry/
  host: https://registry.example:5000
  secret: a secret
  relativeurls: false
  draintimeout: 60s
  tls:
    certificate: c.pem
    key: k.pem
    minimumtls: tls1.3
    clientcas: [one.pem, two.pem]
    clientauth: require-and-verify-client-cert
  headers: {X-Content-Type-Options: [nosniff]}
  debug: {addr: "localhost:5002", prometheus: {enabled: true, path: /numbers}}
catalog: {maxentries: 50}
tags: {maxtags: 60}
)")
                              .value();
  EXPECT_EQ(options.log_level, "warning");
  EXPECT_EQ(options.log_format, "json");
  EXPECT_FALSE(options.access_log_enabled);
  EXPECT_EQ(options.data, "/srv/data");
  EXPECT_TRUE(options.storage_delete);
  EXPECT_EQ(options.uploads_purge_after, std::chrono::hours(48));
  EXPECT_EQ(options.uploads_purge_interval, std::chrono::hours(12));
  EXPECT_TRUE(options.storage_read_only);
  EXPECT_EQ(options.http_listen, (std::vector<ListenAddress>{{"", 5001}}));
  EXPECT_EQ(options.http_prefix, "/my/registry/");
  EXPECT_EQ(options.http_host, "https://registry.example:5000");
  EXPECT_EQ(options.http_secret, "a secret");
  EXPECT_FALSE(options.http_relative_urls);
  EXPECT_EQ(options.http_drain_timeout, std::chrono::seconds(60));
  EXPECT_EQ(options.http_tls_certificate, "c.pem");
  EXPECT_EQ(options.http_tls_key, "k.pem");
  EXPECT_EQ(options.http_tls_minimum, "1.3");
  EXPECT_EQ(options.http_tls_client_ca, (std::vector<std::string>{"one.pem", "two.pem"}));
  EXPECT_EQ(options.http_headers, (std::vector<HeaderLine>{{"X-Content-Type-Options", "nosniff"}}));
  EXPECT_EQ(options.debug_listen, (std::vector<ListenAddress>{{"127.0.0.1", 5002}}));
  EXPECT_EQ(options.debug_metrics_path, "/numbers");
  EXPECT_EQ(options.limits_catalog_entries, 50u);
  EXPECT_EQ(options.limits_tags, 60u);
}

TEST(Registry2, ItsDefaultsHoldWhereTheyDiffer) {
  const Options options = options_of(kMinimal).value();
  EXPECT_EQ(options.data, "/var/lib/registry");
  EXPECT_FALSE(options.storage_delete);
  EXPECT_TRUE(options_of("").value().storage_delete) << "without anything of distribution's";
}

TEST(Registry2, PurgingCanBeOff) {
  for (const char* off : {"enabled: false, age: 48h", "dryrun: true"}) {
    const auto text = fmt::format(
        "version: 0.1\nstorage: {{filesystem: , maintenance: {{uploadpurging: {{{}}}}}}}\n", off);
    EXPECT_EQ(options_of(text).value().uploads_purge_after, Duration(0)) << off;
  }
}

// The file that Debian's package and the images ship.
TEST(Registry2, TheShippedFileOnlyWarns) {
  const auto settings = read(R"(
version: 0.1
log: {fields: {service: registry}}
storage:
  cache: {blobdescriptor: inmemory}
  filesystem: {rootdirectory: /var/lib/registry}
  tag: {concurrencylimit: 8}
http:
  addr: :5000
  headers: {X-Content-Type-Options: [nosniff]}
health:
  storagedriver: {enabled: true, interval: 10s, threshold: 3}
)")
                            .value();
  EXPECT_TRUE(settings.in_use);
  ASSERT_EQ(settings.warnings.size(), 4u);
  EXPECT_EQ(settings.warnings[0],
            "config.yml:3: log.fields: has no effect here: log lines have no fields of one's own");
}

TEST(Registry2, RefusedKeysStopTheStart) {
  for (const char* refused :
       {"auth: {htpasswd: {realm: r, path: p}, token: }", "auth: silly", "auth: {token: }",
        "middleware: {storage: [{name: redirect}]}", "middleware: {repository: {name: x}}",
        "proxy: {remoteurl: https://upstream.example, exec: {command: helper}}",
        "http: {net: unix}", "http: {tls: {clientauth: request-client-cert}}",
        "http: {tls: {letsencrypt: {email: a@b}}}", "validation: {manifests: {urls: {deny: [x]}}}",
        "policy: {repository: {classes: [image]}}"}) {
    EXPECT_FAILS(Unsupported, read(with(refused))) << refused;
  }
  for (const char* driver : {"s3", "azure", "gcs", "swift", "oss"}) {
    EXPECT_FAILS(Unsupported, read(fmt::format("version: 0.1\nstorage: {}\n", driver))) << driver;
    EXPECT_FAILS(Unsupported,
                 read(fmt::format("version: 0.1\nstorage: {{{}: {{bucket: b}}}}\n", driver)));
  }
}

// Who was kept out there is not let in here because of a slip.
TEST(Registry2, AuthoritiesOfClientsAreAListOfFiles) {
  for (const char* wrong : {"ca.pem", "{a: ca.pem}", "['']", "[[ca.pem]]"}) {
    EXPECT_FAILS(InvalidArgument,
                 read(with(fmt::format("http: {{tls: {{clientcas: {}}}}}", wrong))))
        << wrong;
  }
  const std::string variable = "REGISTRY_HTTP_TLS_CLIENTCAS";
  const std::vector<std::string> two = {"a.pem", "b.pem"};
  EXPECT_EQ(options_of("", {{variable, "[a.pem, b.pem]"}})->http_tls_client_ca, two);
  EXPECT_EQ(
      options_of("", {{variable + "_0", "a.pem"}, {variable + "_1", "b.pem"}})->http_tls_client_ca,
      two);
  EXPECT_FAILS(InvalidArgument, read("", {{variable + "_1", "b.pem"}}));
  EXPECT_FAILS(InvalidArgument, read("", {{variable + "_0", ""}}));
}

TEST(Registry2, APasswordFileIsTakenOver) {
  EXPECT_EQ(options_of(with("auth: {htpasswd: {realm: r, path: p}}"))->auth_htpasswd, "p");
  EXPECT_EQ(options_of("", {{"REGISTRY_AUTH_HTPASSWD_PATH", "p"}})->auth_htpasswd, "p");
  for (const char* wrong : {"auth: htpasswd", "auth: {htpasswd: }", "auth: {htpasswd: {realm: r}}",
                            "auth: {htpasswd: {path: ''}}", "auth: {htpasswd: {pth: p, path: p}}",
                            "auth: {htpasswd: [p]}"}) {
    EXPECT_FAILS(InvalidArgument, read(with(wrong))) << wrong;
  }
}

// All that is not here comes from the other registry, and nobody pushes, as there.
TEST(Registry2, AProxyIsAMirror) {
  const auto options = options_of(with(
      "proxy: {remoteurl: https://registry-1.docker.io, username: u, password: p, ttl: 168h}"));
  ASSERT_OK(options);
  EXPECT_EQ(options->mirror_root, "docker.io=https://registry-1.docker.io");
  EXPECT_EQ(options->mirror_username, "u");
  EXPECT_EQ(options->mirror_password, "p");
  EXPECT_TRUE(options->storage_read_only);
  EXPECT_EQ(options->mirror_keep_for, std::chrono::hours(168));
  EXPECT_EQ(options_of(with("proxy: {remoteurl: https://u.example}"))->mirror_keep_for,
            std::chrono::hours(168));
  EXPECT_EQ(options_of(with("proxy: {remoteurl: https://u.example, ttl: 0}"))->mirror_keep_for,
            Duration(0));
  EXPECT_EQ(options_of(with("proxy: {remoteurl: https://u.example, ttl: 3600000000000}"))
                ->mirror_keep_for,
            std::chrono::hours(1));
  const std::string variable = "REGISTRY_PROXY_REMOTEURL";
  EXPECT_EQ(options_of("", {{variable, "http://10.0.0.5:5000"}})->mirror_root,
            "10.0.0.5=http://10.0.0.5:5000");
  EXPECT_EQ(options_of("", {{variable, "http://cache:5000"}})->mirror_root,
            "cache.local=http://cache:5000");
  EXPECT_FAILS(InvalidArgument, options_of("", {{variable, "cache"}}));
}

TEST(Registry2, RefusedKeysThatAskForNothingPass) {
  for (const char* harmless :
       {"auth:", "auth: none", "auth: {none: }", "middleware:", "proxy: {remoteurl: ''}",
        "middleware: {storage: [{name: redirect, disabled: true}]}", "http: {net: tcp}",
        "http: {tls: {clientcas: [], letsencrypt: {email: ''}}}",
        "policy: {repository: {classes: []}}", "http: {http2: {disabled: true}}"}) {
    const auto settings = read(with(harmless));
    ASSERT_OK(settings) << harmless;
    EXPECT_TRUE(settings->warnings.empty()) << harmless;
  }
}

// distribution looks past what it does not know, so files have such keys; but not where a misspelt
// one may have been meant to keep somebody out.
TEST(Registry2, UnknownKeysAreWarnedAbout) {
  for (const auto& [more, warning] : std::initializer_list<std::pair<const char*, const char*>>{
           {"http:\n  adr: :5000\n",
            "config.yml:4: distribution has no key \"http.adr\", so it is "
            "ignored; did you mean \"http.addr\"?"},
           {"log: {fileds: {a: b}}\n",
            "config.yml:3: distribution has no key \"log.fileds\", so it "
            "is ignored; did you mean \"log.fields\"?"},
           {"nonsense: [1, {a: b}]\n",
            "config.yml:3: distribution has no key \"nonsense\", so it is ignored"}}) {
    const auto settings = read(with(more));
    ASSERT_OK(settings) << more;
    EXPECT_EQ(settings->warnings, std::vector<std::string>{warning});
  }
  for (const char* stops : {"auth: {nome: }", "auth: {none: , htpaswd: {realm: r}}", "auth: [none]",
                            "proxy: {remoteur: https://u.example}", "proxy: https://u.example",
                            "middleware: {registy: [{name: x, disabled: true}]}",
                            "middleware: {storage: [{name: x, disbaled: true}]}"}) {
    EXPECT_FALSE(read(with(stops))) << stops;
  }
  EXPECT_EQ(
      error_of(with("proxy: {remoteur: u}\n")),
      "config.yml:3: distribution has no key \"proxy.remoteur\"; did you mean \"remoteurl\"?");
  EXPECT_FAILS(InvalidArgument, read("", {{"REGISTRY_PROXY_REMOTEUR", "https://u.example"}}));
}

// As people write them in compose files: a YAML list in a variable whose name has both cases.
TEST(Registry2, HeadersFromVariables) {
  const Environment environment = {
      {"REGISTRY_HTTP_HEADERS_Access-Control-Allow-Credentials", "[true]"},
      {"REGISTRY_HTTP_HEADERS_Access-Control-Allow-Methods",
       "['HEAD', 'GET', 'OPTIONS', 'DELETE']"},
      {"REGISTRY_HTTP_HEADERS_Access-Control-Allow-Origin", "[http://ui]"}};
  EXPECT_EQ(options_of("", environment).value().http_headers,
            (std::vector<HeaderLine>{{"access-control-allow-credentials", "true"},
                                     {"access-control-allow-methods", "HEAD"},
                                     {"access-control-allow-methods", "GET"},
                                     {"access-control-allow-methods", "OPTIONS"},
                                     {"access-control-allow-methods", "DELETE"},
                                     {"access-control-allow-origin", "http://ui"}}));
  EXPECT_EQ(options_of("", {{"REGISTRY_HTTP_HEADERS",
                             "{Access-Control-Allow-Origin: ['http://ui', 'https://b']}"}})
                .value()
                .http_headers,
            (std::vector<HeaderLine>{{"Access-Control-Allow-Origin", "http://ui"},
                                     {"Access-Control-Allow-Origin", "https://b"}}));
  for (const char* ours : {"Content-Length: [1]", "location: [/x]", "Docker-Content-Digest: [x]"}) {
    EXPECT_FAILS(InvalidArgument,
                 options_of(with(fmt::format("http: {{headers: {{{}}}}}\n", ours))))
        << ours;
  }
}

// A short one is taken, as it was there, and said to be short.
TEST(Registry2, ShortSecretsAreWarnedAbout) {
  const auto warnings = [](std::string_view secret) {
    return read("", {{"REGISTRY_HTTP_SECRET", std::string(secret)}})->warnings.size();
  };
  EXPECT_EQ(warnings("asecretforlocaldevelopment"), 1u);
  EXPECT_EQ(warnings("0123456789abcdef0123456789abcdef"), 0u);
}

TEST(Registry2, ErrorsNameFileLineAndKey) {
  EXPECT_EQ(error_of("version: 0.2\nstorage: filesystem\n"),
            "config.yml:1: version: has to be 0.1");
  EXPECT_EQ(error_of(with("log: {level: loud}\n")),
            "config.yml:3: log.level: has to be error, warn, info or debug");
  EXPECT_EQ(error_of(with("http: 5000\n")), "config.yml:3: http: has to be a map of keys");
  EXPECT_EQ(error_of(with("http: {addr: [a]}\n")), "config.yml:3: http.addr: has to be one value");
  const auto nowhere = options_of(with("http: {addr: nowhere}\n"));
  ASSERT_FALSE(nowhere);
  EXPECT_TRUE(nowhere.error().message.starts_with("config.yml:3: http.addr: \"nowhere\" is not"))
      << nowhere.error().message;
}

TEST(Registry2, VariablesOverrideTheFile) {
  const Environment environment = {{"REGISTRY_HTTP_ADDR", ":6000"},
                                   {"REGISTRY_HTTP_HEADERS_X-Frame-Options", "[DENY]"},
                                   {"REGISTRY_LOG_ACCESSLOG_DISABLED", "true"},
                                   {"REGISTRY_STORAGE_DELETE_ENABLED", "true"},
                                   {"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", "/elsewhere"}};
  const Options options = options_of(with("http: {addr: ':5000'}\n"), environment).value();
  EXPECT_EQ(options.http_listen, (std::vector<ListenAddress>{{"", 6000}}));
  EXPECT_EQ(options.http_headers, (std::vector<HeaderLine>{{"x-frame-options", "DENY"}}));
  EXPECT_FALSE(options.access_log_enabled);
  EXPECT_TRUE(options.storage_delete);
  EXPECT_EQ(options.data, "/elsewhere");
}

TEST(Registry2, VariablesWorkWithoutAFile) {
  const Environment environment = {{"REGISTRY_STORAGE", "filesystem"},
                                   {"REGISTRY_STORAGE_FILESYSTEM_ROOTDIRECTORY", "/elsewhere"}};
  EXPECT_EQ(options_of("", environment).value().data, "/elsewhere");
  EXPECT_TRUE(read("", environment)->in_use);
  EXPECT_FAILS(InvalidArgument, read("", {{"REGISTRY_AUTH", "htpasswd"}}));
  EXPECT_FAILS(Unsupported, read("", {{"REGISTRY_AUTH_TOKEN_REALM", "/p"}}));
  EXPECT_FAILS(Unsupported, read("", {{"REGISTRY_STORAGE_S3_BUCKET", "b"}}));
  EXPECT_FAILS(Unsupported, read("", {{"REGISTRY_PROXY_REMOTEURL", "https://u.example"},
                                      {"REGISTRY_PROXY_EXEC_COMMAND", "helper"}}));
  EXPECT_EQ(error_of("", {{"REGISTRY_LOG_LEVEL", "loud"}}),
            "REGISTRY_LOG_LEVEL: log.level: has to be error, warn, info or debug");
  EXPECT_FAILS(InvalidArgument, read("", {{"REGISTRY_MIDDLEWARE_STORAGE_0_NAME", "["}}));
}

// Neither a stray variable nor a Kubernetes service named "registry" may open a server.
TEST(Registry2, OnlyVariablesThatNameAKeyCount) {
  const auto stray =
      read("", {{"REGISTRY_URL", "https://registry.example"}, {"REGISTRY_VERSION", "2.8"}}).value();
  EXPECT_FALSE(stray.in_use);
  EXPECT_EQ(stray.warnings.size(), 2u);

  const auto kubernetes = read("", {{"REGISTRY_PORT", "tcp://10.0.0.7:5000"},
                                    {"REGISTRY_PORT_5000_TCP_ADDR", "10.0.0.7"},
                                    {"REGISTRY_SERVICE_HOST", "10.0.0.7"}})
                              .value();
  EXPECT_FALSE(kubernetes.in_use);
  EXPECT_TRUE(kubernetes.warnings.empty());
}

TEST(Registry2, OursAndTheirsAreToldApart) {
  EXPECT_TRUE(is_registry2_document(parse_yaml("version: 0.1", "f").value()));
  EXPECT_FALSE(is_registry2_document(parse_yaml("data: /srv", "f").value()));
  EXPECT_FALSE(is_registry2_document(parse_yaml("", "f").value()));
}

TEST(Registry2, TheTableIsSound) {
  std::set<std::string_view> paths;
  for (const Registry2Key& key : registry2_keys()) {
    EXPECT_TRUE(paths.insert(key.path).second) << key.path;
    EXPECT_TRUE(key.option.empty() || find_option(key.option) != nullptr) << key.path;
    EXPECT_TRUE(key.option.empty() || key.key_class == Registry2Class::Honoured) << key.path;
    EXPECT_TRUE(!key.why.empty() || !key.option.empty()) << key.path;
  }
}

TEST(Registry2, ReferencePageIsTheTable) {
  std::ifstream file("docs/reference/registry2-configuration.md");
  std::stringstream page;
  page << file.rdbuf();
  EXPECT_TRUE(page.str() == registry2_markdown())
      << "write it anew: entrepot options --registry2 --markdown";
}

}  // namespace
}  // namespace entrepot::server
