#include "server/options/yaml.h"

#include <unistd.h>

#include <cstdio>
#include <fstream>

#include "base/testing/assert_ok.h"

namespace entrepot::server {
namespace {

TEST(Yaml, ValuesKnowTheirLines) {
  const auto document = parse_yaml("a: 1\nb:\n  c: [x, 'y z']\n  d:\n", "file.yml").value();
  ASSERT_EQ(document.kind, YamlNode::Kind::Map);
  EXPECT_EQ(document.find("a")->text, "1");
  EXPECT_EQ(document.find("a")->where, "file.yml:1");
  const YamlNode* c = document.find("b")->find("c");
  ASSERT_EQ(c->items.size(), 2u);
  EXPECT_EQ(c->items[1].text, "y z");
  EXPECT_EQ(c->where, "file.yml:3");
  EXPECT_EQ(document.find("b")->find("d")->kind, YamlNode::Kind::Null);
  EXPECT_EQ(document.find("b")->find("d")->where, "file.yml:4");
  EXPECT_EQ(document.find("absent"), nullptr);
}

TEST(Yaml, NothingIsNull) {
  EXPECT_EQ(parse_yaml("", "file.yml").value().kind, YamlNode::Kind::Null);
  EXPECT_EQ(parse_yaml("# only a comment\n", "file.yml").value().kind, YamlNode::Kind::Null);
}

TEST(Yaml, ErrorsNameTheLine) {
  const auto broken = parse_yaml("a: 1\nb: [1, 2\nc: 3\n", "file.yml");
  ASSERT_FALSE(broken);
  EXPECT_TRUE(broken.error().message.starts_with("file.yml:3: not valid YAML"))
      << broken.error().message;

  const auto twice = parse_yaml("a: 1\nb: 2\na: 3\n", "file.yml");
  ASSERT_FALSE(twice);
  EXPECT_EQ(twice.error().message, "file.yml:3: the key \"a\" stands here for the second time");
}

// Aliases can make a small text huge, or endless.
TEST(Yaml, AliasesCannotExplode) {
  EXPECT_FAILS(InvalidArgument, parse_yaml("a: &a [*a]\n", "file.yml"));
  std::string laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n";
  for (int i = 1; i < 9; ++i) {
    std::string list;
    for (int j = 0; j < 10; ++j) list += fmt::format("*a{}, ", i - 1);
    laughs += fmt::format("a{0}: &a{0} [{1}]\n", i, list);
  }
  EXPECT_FAILS(InvalidArgument, parse_yaml(laughs, "file.yml"));
}

TEST(Yaml, ValuesOfVariablesNameTheVariable) {
  const auto value = parse_yaml_value("[a, b]", "REGISTRY_X").value();
  EXPECT_EQ(value.items.at(1).where, "REGISTRY_X");
  EXPECT_EQ(parse_yaml_value("a: [", "REGISTRY_X").error().message.substr(0, 11), "REGISTRY_X:");
}

TEST(Yaml, FilesThatCannotBeRead) {
  EXPECT_FAILS(NotFound, read_yaml_file("/nonexistent/entrepot.yml"));
  EXPECT_FAILS(Conflict, read_yaml_file("/"));

  const std::string path = fmt::format("{}/entrepot_yaml_{}.yml", ::testing::TempDir(), getpid());
  std::ofstream(path) << std::string((1 << 20) + 1, '#');
  EXPECT_FAILS(TooLarge, read_yaml_file(path));
  std::ofstream(path) << "a: b\n";
  EXPECT_EQ(read_yaml_file(path).value().find("a")->text, "b");
  std::remove(path.c_str());
}

}  // namespace
}  // namespace entrepot::server
