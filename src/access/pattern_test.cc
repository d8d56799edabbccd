#include "access/pattern.h"

#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"

namespace entrepot::access {
namespace {

bool matches(std::string_view pattern, std::string_view name) {
  return Pattern::parse(pattern).value().matches(name);
}

TEST(PatternTest, StarStaysWithinOnePart) {
  EXPECT_TRUE(matches("acme/app", "acme/app"));
  EXPECT_FALSE(matches("acme/app", "acme/app2"));
  EXPECT_FALSE(matches("acme/app", "acme/app/x"));
  EXPECT_TRUE(matches("acme/*", "acme/app"));
  EXPECT_FALSE(matches("acme/*", "acme"));
  EXPECT_FALSE(matches("acme/*", "acme/web/app"));
  EXPECT_FALSE(matches("acme/*", "acmes/app"));
  EXPECT_TRUE(matches("acme/team-*", "acme/team-"));
  EXPECT_TRUE(matches("acme/*-app-*", "acme/a-app-b-app-c"));
  EXPECT_FALSE(matches("acme/*-app", "acme/app"));
  EXPECT_TRUE(matches("*", "app"));
  EXPECT_FALSE(matches("*", "acme/app"));
}

TEST(PatternTest, TwoStarsAreOnePartOrMore) {
  EXPECT_TRUE(matches("**", "app"));
  EXPECT_TRUE(matches("**", "a/b/c"));
  EXPECT_TRUE(matches("acme/**", "acme/app"));
  EXPECT_TRUE(matches("acme/**", "acme/web/app"));
  EXPECT_FALSE(matches("acme/**", "acme"));
  EXPECT_FALSE(matches("acme/**", "acmes/app"));
  EXPECT_TRUE(matches("acme/**/app", "acme/web/app"));
  EXPECT_TRUE(matches("acme/**/app", "acme/a/b/app"));
  EXPECT_TRUE(matches("acme/**/app", "acme/app/app"));
  EXPECT_TRUE(matches("acme/**/app", "acme/app/x/app"));
  EXPECT_FALSE(matches("acme/**/app", "acme/app"));
  EXPECT_FALSE(matches("acme/**/app", "acme/app/x"));
}

TEST(PatternTest, WhatCouldMatchNothingIsRefused) {
  for (const char* text :
       {"", "/", "a//b", "/a", "a/", "A", "a b", "a**", "a/**b", "***", "a?", "ä"}) {
    EXPECT_FAILS(InvalidArgument, Pattern::parse(text)) << text;
  }
  EXPECT_FAILS(InvalidArgument, Pattern::parse(std::string(256, 'a')));
}

TEST(PatternTest, KnowsItsNamespace) {
  EXPECT_EQ(Pattern::parse("acme/**")->name_space(), "acme");
  EXPECT_EQ(Pattern::parse("acme")->name_space(), "");
  EXPECT_EQ(Pattern::parse("acm*/x")->name_space(), "");
  EXPECT_EQ(Pattern::parse("**")->name_space(), "");
  EXPECT_TRUE(Pattern::parse("acme/app")->is_literal());
  EXPECT_FALSE(Pattern::parse("acme/*")->is_literal());
}

// The slow and obviously right way.
std::vector<std::string_view> parts_of(std::string_view text) {
  std::vector<std::string_view> parts;
  for (std::size_t at = 0;;) {
    const std::size_t end = text.find('/', at);
    parts.push_back(text.substr(at, end - at));
    if (end == std::string_view::npos) return parts;
    at = end + 1;
  }
}

bool slow_part(std::string_view pattern, std::string_view name) {
  if (pattern.empty()) return name.empty();
  if (pattern[0] == '*') {
    return slow_part(pattern.substr(1), name) ||
           (!name.empty() && slow_part(pattern, name.substr(1)));
  }
  return !name.empty() && pattern[0] == name[0] && slow_part(pattern.substr(1), name.substr(1));
}

bool slow(const std::vector<std::string_view>& pattern, std::size_t at,
          const std::vector<std::string_view>& name, std::size_t i) {
  if (at == pattern.size()) return i == name.size();
  if (i == name.size()) return false;
  if (pattern[at] == "**")
    return slow(pattern, at + 1, name, i + 1) || slow(pattern, at, name, i + 1);
  return slow_part(pattern[at], name[i]) && slow(pattern, at + 1, name, i + 1);
}

TEST(PatternTest, SaysWhatTheSlowWaySays) {
  std::mt19937 random(1);
  const auto pick = [&](const std::vector<std::string>& from) {
    return from[random() % from.size()];
  };
  const auto text = [&](const std::vector<std::string>& from) {
    std::string out = pick(from);
    for (std::size_t more = random() % 5; more > 0; --more) out += '/' + pick(from);
    return out;
  };
  int hits = 0;
  for (int i = 0; i < 50'000; ++i) {
    const std::string pattern = text({"a", "ab", "b", "*", "a*", "*b", "*a*b*", "**", "**"});
    const std::string name = text({"a", "ab", "b", "aab", "abab", "ba"});
    const bool expected = slow(parts_of(pattern), 0, parts_of(name), 0);
    ASSERT_EQ(matches(pattern, name), expected) << pattern << " and " << name;
    hits += expected ? 1 : 0;
  }
  EXPECT_GT(hits, 5'000);
}

}  // namespace
}  // namespace entrepot::access
