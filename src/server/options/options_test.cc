#include "server/options/options.h"

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>

#include "base/testing/assert_ok.h"

namespace entrepot::server {
namespace {

Setting setting(std::string_view path, std::vector<std::string> values) {
  return {find_option(path), std::move(values), "test.yml:7"};
}

TEST(Options, DefaultsAreTheDocumentedOnes) {
  const Options options = initial_options();
  EXPECT_EQ(options.http_listen, (std::vector<ListenAddress>{{"127.0.0.1", 5000}}));
  EXPECT_EQ(options.http_idle_timeout, std::chrono::seconds(75));
  EXPECT_EQ(options.http_drain_timeout, std::chrono::seconds(8));
  EXPECT_EQ(options.collect_delay, std::chrono::hours(24));
  EXPECT_EQ(options.uploads_purge_after, std::chrono::hours(168));
  EXPECT_EQ(options.limits_head, Size{64 << 10});
  EXPECT_EQ(options.manifests_missing, "refuse");
  EXPECT_TRUE(options.storage_delete);
  EXPECT_FALSE(options.open);
  EXPECT_TRUE(options.names.empty());
}

// What `entrepot check` shows can be set again.
TEST(Options, ValuesAreShownAsTheyAreWritten) {
  Options options = initial_options();
  for (const Option& option : option_table()) {
    const std::string text = value_text(option, options);
    if (text.empty()) continue;
    EXPECT_OK(apply({&option, {text}, "test"}, options)) << option.path;
    EXPECT_EQ(value_text(option, options), text) << option.path;
  }
  options.names = {"a", "b"};
  EXPECT_EQ(value_text(*find_option("names"), options), "a, b");
  EXPECT_EQ(value_text(*find_option("http.secret"), options), "");
  options.http_secret = "hidden";
  EXPECT_EQ(value_text(*find_option("http.secret"), options), "***");
}

TEST(Options, EveryNameIsThereOnce) {
  std::set<std::string> paths, variables, flags;
  for (const Option& option : option_table()) {
    EXPECT_TRUE(paths.emplace(option.path).second) << option.path;
    EXPECT_TRUE(variables.insert(environment_name(option)).second) << option.path;
    EXPECT_TRUE(option.flag.empty() || flags.emplace(option.flag).second) << option.path;
    EXPECT_FALSE(option.text.empty()) << option.path;
  }
}

TEST(Options, ErrorsSayWhereWhatAndWhatIsRight) {
  Options options = initial_options();
  const auto message = [&](std::string_view path, std::vector<std::string> values) {
    auto applied = apply(setting(path, std::move(values)), options);
    return applied ? "no error" : applied.error().message;
  };
  EXPECT_EQ(message("http.drain_timeout", {"8"}),
            "test.yml:7: http.drain_timeout: \"8\" is not a duration such as 250ms, 8s, 1h30m or "
            "7d");
  EXPECT_EQ(message("log.level", {"verbose"}),
            "test.yml:7: log.level: \"verbose\" is none of debug, info, warning, error");
  EXPECT_EQ(message("limits.head", {"1KiB"}),
            "test.yml:7: limits.head: 1KiB is less than 4096 bytes");
  EXPECT_EQ(message("limits.tags", {"0"}), "test.yml:7: limits.tags: 0 is less than 1");
  EXPECT_EQ(message("workers.loops", {"513"}), "test.yml:7: workers.loops: 513 is more than 512");
  EXPECT_EQ(message("collect.interval", {"0"}),
            "test.yml:7: collect.interval: 0 is less than 1000ms");
  EXPECT_EQ(message("open", {"perhaps"}),
            "test.yml:7: open: \"perhaps\" is neither true nor false");
  EXPECT_EQ(message("data", {""}), "test.yml:7: data: must not be empty");
  EXPECT_EQ(message("data", {"a", "b"}), "test.yml:7: data: takes one value, not 2");
  EXPECT_NE(message("http.host", {"registry.example"}), "no error");
  EXPECT_NE(message("http.prefix", {"registry"}), "no error");
  EXPECT_NE(message("http.listen", {"127.0.0.1:5000", "nowhere"}), "no error");
  EXPECT_EQ(options.http_listen.size(), 1u) << "a setting with an error changes nothing";
}

TEST(Options, ListsAreReplacedWhole) {
  Options options = initial_options();
  ASSERT_OK(apply(setting("http.listen", {"[::1]:1", ":2"}), options));
  EXPECT_EQ(options.http_listen, (std::vector<ListenAddress>{{"::1", 1}, {"", 2}}));
  ASSERT_OK(apply(setting("http.listen", {}), options));
  EXPECT_TRUE(options.http_listen.empty());
}

TEST(Options, ReferencePageIsTheTable) {
  std::ifstream file("docs/reference/options.md");
  std::stringstream page;
  page << file.rdbuf();
  EXPECT_TRUE(page.str() == options_markdown())
      << "write it anew: entrepot options --markdown > docs/reference/options.md";
}

}  // namespace
}  // namespace entrepot::server
