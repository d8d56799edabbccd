#include "oci/name.h"

#include <regex>

#include "base/testing/assert_ok.h"

namespace entrepot::oci {
namespace {

TEST(RepositoryName, AcceptsWhatTheSpecificationAllows) {
  const std::string cases[] = {"a",
                               "0",
                               "localalpine",
                               "library/alpine",
                               "a.b",
                               "a_b",
                               "a__b",
                               "a-b",
                               "a---b",
                               "a/b/c/d",
                               "a-b/c__d",
                               "a.b_c-d__e",
                               "127.0.0.1/x",
                               std::string(255, 'a'),
                               std::string(253, 'a') + "/b"};
  for (const std::string& text : cases) {
    const auto name = RepositoryName::parse(text);
    ASSERT_OK(name);
    EXPECT_EQ(name->str(), text);
  }
}

TEST(RepositoryName, RefusesEverythingElse) {
  const std::string cases[] = {"",
                               "/",
                               "/a",
                               "a/",
                               "a//b",
                               "A",
                               "a/B",
                               ".",
                               "..",
                               "a/..",
                               "../a",
                               "a..b",
                               ".a",
                               "a.",
                               "_a",
                               "a_",
                               "a___b",
                               "a._b",
                               "a-_b",
                               "-a",
                               "a-",
                               "a b",
                               "a\tb",
                               "a\n",
                               "a:b",
                               "a@b",
                               "a%2fb",
                               "a\\b",
                               "é",
                               "a+b",
                               "a?b",
                               "a#b",
                               "a,b",
                               "a/./b",
                               "a/_b",
                               "a/b-",
                               std::string("a\0b", 3),
                               std::string(256, 'a'),
                               std::string(1 << 20, 'a')};
  for (const std::string& text : cases) {
    const auto name = RepositoryName::parse(text);
    ASSERT_FAILS(InvalidArgument, name) << text;
    EXPECT_LT(name.error().message.size(), 400u) << "repeats the whole input";
  }
}

// Every text of up to seven characters from one of each class, against the specification's own
// expression.
TEST(RepositoryName, AgreesWithTheSpecificationsExpression) {
  const std::regex expression(
      R"([a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(\/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*)",
      std::regex::optimize);
  constexpr std::string_view kAlphabet = "a._-/";
  std::string text;
  const auto check_all = [&](const auto& self, std::size_t more) -> void {
    ASSERT_EQ(RepositoryName::parse(text).has_value(), std::regex_match(text, expression)) << text;
    if (more == 0) return;
    for (const char c : kAlphabet) {
      text.push_back(c);
      self(self, more - 1);
      text.pop_back();
    }
  };
  check_all(check_all, 7);
}

TEST(RepositoryName, NamespaceIsTheFirstOfSeveralParts) {
  EXPECT_EQ(RepositoryName::parse("localalpine")->name_space(), "");
  EXPECT_EQ(RepositoryName::parse("acme/app")->name_space(), "acme");
  EXPECT_EQ(RepositoryName::parse("acme/team/app")->name_space(), "acme");
}

TEST(RepositoryName, SaysWhichPartIsWrong) {
  const auto name = RepositoryName::parse("acme/App");
  ASSERT_FAILS(InvalidArgument, name);
  EXPECT_NE(name.error().message.find("the part \"App\""), std::string::npos)
      << name.error().message;
}

TEST(Tag, AcceptsWhatTheSpecificationAllows) {
  for (const std::string& text :
       {std::string("latest"), std::string("2.1.106"), std::string("_x"), std::string("A"),
        std::string("v1_2-3.4"), std::string("a..b"), std::string("0"), std::string(128, 'x')}) {
    const auto tag = Tag::parse(text);
    ASSERT_OK(tag);
    EXPECT_EQ(tag->str(), text);
  }
}

TEST(Tag, RefusesEverythingElse) {
  const std::string cases[] = {"",
                               ".",
                               "..",
                               "-a",
                               ".a",
                               "a b",
                               "a/b",
                               "a:b",
                               "a@b",
                               "a+b",
                               "é",
                               "a\n",
                               "a%20",
                               "a\\b",
                               "a,b",
                               std::string("a\0", 2),
                               std::string(129, 'x'),
                               std::string(1 << 20, 'x')};
  for (const std::string& text : cases) {
    const auto tag = Tag::parse(text);
    ASSERT_FAILS(InvalidArgument, tag) << text;
    EXPECT_LT(tag.error().message.size(), 400u) << "repeats the whole input";
  }
}

// Messages end up in logs and answers: no control character of the client's gets there.
TEST(Tag, MessageShowsNoControlCharacters) {
  const std::string message = Tag::parse("a\x1b[31m\n").error().message;
  EXPECT_NE(message.find("\"a?[31m?\""), std::string::npos) << message;
}

TEST(Reference, IsADigestWithAColonElseATag) {
  const Digest digest = Digest::of("x");
  const auto by_digest = parse_reference(digest.to_string());
  ASSERT_OK(by_digest);
  EXPECT_EQ(std::get<Digest>(*by_digest), digest);
  EXPECT_EQ(to_string(*by_digest), digest.to_string());

  const auto by_tag = parse_reference("latest");
  ASSERT_OK(by_tag);
  EXPECT_EQ(std::get<Tag>(*by_tag).str(), "latest");
  EXPECT_EQ(to_string(*by_tag), "latest");

  for (const std::string_view text : {"", "a:b", "sha256:", ":", "latest/", "sha256:zz"}) {
    EXPECT_FAILS(InvalidArgument, parse_reference(text)) << text;
  }
}

}  // namespace
}  // namespace entrepot::oci
