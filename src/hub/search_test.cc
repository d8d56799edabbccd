#include "hub/search.h"

#include <random>

#include <gtest/gtest.h>

#include "base/testing/assert_ok.h"
#include "base/testing/fake_clock.h"
#include "meta/sqlite/testing/temporary_store.h"
#include "meta/testing/store_conformance.h"

namespace entrepot::hub {
namespace {

using access::Reach;
using meta::Visibility;
using Names = std::vector<std::string>;

// Sees what is public, and what is below "ours/" but "ours/not".
class Reader final : public access::Policy {
 public:
  Reach within{.everything = false, .is_public = true, .is_certain = true, .beginnings = {"ours/"}};
  bool sees_all = false;
  std::set<std::string> seen;

  std::optional<access::Decision> recall(const access::Question&) const override {
    return std::nullopt;
  }
  Result<access::Decision> decide(Context&, const access::Question&) const override {
    return access::Decision{};
  }
  Result<std::vector<bool>> allowed_among(
      Context&, const access::Question&,
      std::span<const oci::RepositoryName> repositories) const override {
    std::vector<bool> allowed;
    for (const auto& name : repositories) {
      allowed.push_back(sees_all || seen.contains(name.str()));
    }
    return allowed;
  }
  bool allows_everywhere(const access::Question&) const override { return sees_all; }
  Result<Reach> reach(Context& context, const access::Question& question) const override {
    return sees_all ? Policy::reach(context, question) : within;
  }
};

class SearchTest : public ::testing::Test {
 protected:
  void add(const std::string& name, Visibility visibility = Visibility::Private,
           const std::string& description = "") {
    ASSERT_OK(store().write(context_, [&](meta::Transaction& tx) -> Result<void> {
      TRY_ASSIGN(const auto parsed, oci::RepositoryName::parse(name));
      TRY_ASSIGN(const auto made, tx.repositories().find_or_create(parsed, WallTime{}));
      TRY(tx.manifests().put(meta::testing::new_manifest(made.id, "bytes")));
      TRY(tx.repositories().set_visibility(made.id, visibility));
      return tx.words().set_description(made.id, description);
    }));
    if (visibility == Visibility::Public || (name.starts_with("ours/") && name != "ours/not")) {
      reader_.seen.insert(name);
    }
  }
  SearchPage find(const SearchQuery& query) {
    const auto subject = access::Subject::anonymous();
    const access::Question question{subject, access::Action::See, "", "", WallTime{}};
    return search(context_, store(), reader_, question, query).value();
  }
  // All pages, one behind the other. No place names what may not be seen.
  Names all(SearchQuery query) {
    Names names;
    for (int pages = 0; pages < 5000; ++pages) {
      const SearchPage page = find(query);
      EXPECT_LE(page.matches.size(), query.limit);
      for (const Match& match : page.matches) names.push_back(match.name);
      if (!page.next) return names;
      for (const std::string& name : {page.next->name, page.next->window}) {
        EXPECT_TRUE(name.empty() || reader_.sees_all || reader_.seen.contains(name)) << name;
      }
      query.after = page.next;
    }
    ADD_FAILURE() << "no end";
    return names;
  }
  meta::Store& store() { return metadata_->store(); }

  Context context_;
  std::unique_ptr<meta::sqlite::testing::TemporaryStore> metadata_ =
      meta::sqlite::testing::open_temporary();
  Reader reader_;
};

TEST(RankTest, BestIsTheNameItself) {
  EXPECT_EQ(rank_of("app", "app", ""), Rank::Name);
  EXPECT_EQ(rank_of("app", "team/app", ""), Rank::LastPart);
  EXPECT_EQ(rank_of("app", "app/apple", ""), Rank::Beginning);
  EXPECT_EQ(rank_of("app", "team/apple/x", ""), Rank::PartBegins);
  EXPECT_EQ(rank_of("app", "team/my-app", ""), Rank::InName);
  EXPECT_EQ(rank_of("app", "team/other", "An App"), Rank::InDescription);
  EXPECT_EQ(rank_of("app", "team/other", "none"), std::nullopt);
  EXPECT_EQ(rank_of("/app", "team/app", ""), Rank::InName);
  EXPECT_EQ(rank_of("镜像", "team/other", "官方镜像"), Rank::InDescription);
}

// What would be syntax elsewhere is text here.
TEST(RankTest, NothingIsAWildcard) {
  std::mt19937 random(1);
  const std::string letters = "ab%_*?[]^$.\\'\"/-+(){}|&;:\0 \n镜";
  for (int i = 0; i < 100'000; ++i) {
    std::string text;
    std::string description;
    for (auto n = random() % 4; n > 0; --n) text += letters[random() % letters.size()];
    for (auto n = random() % 12; n > 0; --n) description += letters[random() % letters.size()];
    const bool there = std::string_view("b/a").find(text) != std::string::npos ||
                       description.find(text) != std::string::npos;
    ASSERT_EQ(rank_of(text, "b/a", description).has_value(), there) << text;
  }
}

TEST_F(SearchTest, TheOrderIsByHowItIsFound) {
  for (const char* name : {"zz/nginx", "nginx", "nginx/x", "a/nginx-x/y", "my-nginx", "a/nginx"}) {
    add(name, Visibility::Public);
  }
  add("other", Visibility::Public, "Not NGINX");
  const Names expected = {"nginx",       "a/nginx",  "zz/nginx", "nginx/x",
                          "a/nginx-x/y", "my-nginx", "other"};
  for (const std::size_t limit : {1u, 2u, 3u, 7u, 100u}) {
    EXPECT_EQ(all({.text = "nginx", .limit = limit}), expected) << limit;
    EXPECT_EQ(all({.text = "NginX", .limit = limit}), expected) << limit;
  }
}

TEST_F(SearchTest, TwoChineseCharactersAreEnough) {
  add("a", Visibility::Public, "网页服务器镜像");
  add("b", Visibility::Public, "数据库");
  EXPECT_EQ(all({.text = "镜像"}), Names{"a"});
  EXPECT_EQ(all({.text = "据"}), Names{"b"});
  EXPECT_EQ(all({.text = "%"}), Names{});
  EXPECT_EQ(all({.text = "_"}), Names{});
}

TEST_F(SearchTest, WhatMayNotBeSeenChangesNothing) {
  for (const char* name : {"ours/app", "ours/web", "ours/not", "theirs/x"}) add(name);
  add("app/public", Visibility::Public, "for all");
  add("zebra/app", Visibility::Public);
  const SearchQuery query{.text = "app", .limit = 2};
  const Names before = all(query);
  EXPECT_EQ(before, (Names{"ours/app", "zebra/app", "app/public"}));
  const auto next = find(query).next;
  for (const char* hidden : {"app", "aaa/app", "ours/app/hidden", "app/secret", "theirs/app"}) {
    add(hidden);
    reader_.seen.erase(hidden);
  }
  EXPECT_EQ(all(query), before);
  EXPECT_EQ(find(query).next, next);
  EXPECT_EQ(all({.text = "not"}), Names{});
  reader_.sees_all = true;
  EXPECT_EQ(all(query).size(), 8u);
}

// One window behind the other; each name once, the text's own first.
TEST_F(SearchTest, ALongLookGoesOnWithTheNextPage) {
  Names names;
  for (int i = 0; i < 40; ++i) {
    const std::string name = fmt::format("p{:02}", i);
    add(name, i % 3 == 0 ? Visibility::Private : Visibility::Public);
    if (i % 3 != 0) names.push_back(name);
    add(fmt::format("ours/p{:02}", i));
    names.push_back(fmt::format("ours/p{:02}", i));
  }
  std::sort(names.begin(), names.end());
  for (const std::size_t most : {1u, 2u, 7u, 1000u}) {
    for (const std::size_t limit : {1u, 5u, 100u}) {
      Names found = all({.text = "p", .limit = limit, .most_looked_at = most});
      std::sort(found.begin(), found.end());
      EXPECT_EQ(found, names) << most << ' ' << limit;
      EXPECT_EQ(all({.text = "p38", .limit = limit, .most_looked_at = most}).front(), "p38");
    }
  }
}

TEST_F(SearchTest, ManyNamesAreFoundOnce) {
  ASSERT_OK(store().write(context_, [&](meta::Transaction& tx) -> Result<void> {
    for (int i = 0; i < 2500; ++i) {
      for (const char* space : {"ours", "theirs"}) {
        TRY_ASSIGN(const auto name, oci::RepositoryName::parse(fmt::format("{}/r{}", space, i)));
        TRY_ASSIGN(const auto made, tx.repositories().find_or_create(name, WallTime{}));
        TRY(tx.manifests().put(meta::testing::new_manifest(made.id, "bytes")));
        if (i % 2 == 0) TRY(tx.repositories().set_visibility(made.id, Visibility::Public));
      }
    }
    return {};
  }));
  for (int i = 0; i < 2500; ++i) {
    reader_.seen.insert(fmt::format("ours/r{}", i));
    if (i % 2 == 0) reader_.seen.insert(fmt::format("theirs/r{}", i));
  }
  for (const std::size_t most : {300u, 1000u, 100'000u}) {
    Names found = all({.text = "r", .limit = 100, .most_looked_at = most});
    EXPECT_EQ(found.size(), 3750u);
    std::sort(found.begin(), found.end());
    EXPECT_EQ(Names(reader_.seen.begin(), reader_.seen.end()), found);
  }
}

}  // namespace
}  // namespace entrepot::hub
