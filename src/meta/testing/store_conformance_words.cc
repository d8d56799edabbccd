#include "meta/testing/store_conformance.h"

namespace entrepot::meta::testing {

namespace {

using Texts = std::vector<std::string>;

Texts texts(const std::vector<DescribedName>& described) {
  Texts texts;
  for (const DescribedName& each : described) {
    texts.push_back(each.name.str() + '=' + each.description);
  }
  return texts;
}

}  // namespace

TEST_P(StoreConformance, DescriptionIsWhatWasSaidLast) {
  const RepositoryId repo = repository("app");
  const auto told = [&] {
    return read([&](const Snapshot& s) { return s.words().description(repo); }).value();
  };
  EXPECT_EQ(told(), "");
  for (const char* text : {"one", "'; DROP TABLE repositories; --", "层", ""}) {
    ASSERT_OK(write([&](Transaction& tx) { return tx.words().set_description(repo, text); }));
    EXPECT_EQ(told(), text);
  }
}

TEST_P(StoreConformance, ReadmeIsKeptUntilItIsRemoved) {
  const RepositoryId repo = repository("app");
  const auto readme = [&] {
    return read([&](const Snapshot& s) { return s.words().readme(repo); });
  };
  const auto remove = [&] {
    return write([&](Transaction& tx) { return tx.words().remove_readme(repo); });
  };
  EXPECT_FAILS(NotFound, readme());
  EXPECT_FAILS(NotFound, remove());
  const std::string large(256u << 10, 'x');
  for (const std::string& text : {std::string("# one"), large, std::string()}) {
    ASSERT_OK(write([&](Transaction& tx) { return tx.words().set_readme(repo, text, at(7)); }));
    EXPECT_EQ(readme()->markdown, text);
    EXPECT_EQ(readme()->changed_at, at(7));
  }
  reopen();
  ASSERT_OK(readme());
  ASSERT_OK(remove());
  EXPECT_FAILS(NotFound, readme());
}

TEST_P(StoreConformance, NamesAreListedWithTheirDescriptions) {
  const auto list = [&](const NameRange& range, std::string_view after, std::size_t limit) {
    return texts(
        read([&](const Snapshot& s) { return s.words().list(range, after, limit); }).value());
  };
  for (const char* each : {"a", "a/b", "a/c", "ab/c", "b"}) {
    const RepositoryId repo = repository(each);
    put(repo, "manifest");
    const std::string text = std::string("d-") + each;
    ASSERT_OK(write([&](Transaction& tx) { return tx.words().set_description(repo, text); }));
  }
  repository("a/empty");
  EXPECT_EQ(list({}, "", 10), (Texts{"a=d-a", "a/b=d-a/b", "a/c=d-a/c", "ab/c=d-ab/c", "b=d-b"}));
  EXPECT_EQ(list({}, "a/b", 2), (Texts{"a/c=d-a/c", "ab/c=d-ab/c"}));
  EXPECT_EQ(list({.beginning = "a/"}, "", 10), (Texts{"a/b=d-a/b", "a/c=d-a/c"}));
  EXPECT_EQ(list({.beginning = "a/"}, "a/b", 10), Texts{"a/c=d-a/c"});
  EXPECT_EQ(list({.beginning = "a/"}, "b", 10), Texts{});
  EXPECT_EQ(list({.beginning = "a"}, "", 2), (Texts{"a=d-a", "a/b=d-a/b"}));
  EXPECT_EQ(list({.beginning = "a/b"}, "", 2), Texts{"a/b=d-a/b"});
  EXPECT_EQ(list({.beginning = "%"}, "", 2), Texts{});
}

TEST_P(StoreConformance, NamesAreListedByWhoSeesThem) {
  const auto list = [&](Visibility visibility, std::string_view after) {
    return texts(read([&](const Snapshot& s) {
                   return s.words().list({.visibility = visibility}, after, 2);
                 }).value());
  };
  const std::vector<std::pair<const char*, Visibility>> made = {{"a", Visibility::Public},
                                                                {"b", Visibility::Private},
                                                                {"c", Visibility::Public},
                                                                {"d", Visibility::Internal},
                                                                {"e", Visibility::Public}};
  for (const auto& [each, visibility] : made) {
    const RepositoryId repo = repository(each);
    put(repo, "manifest");
    ASSERT_OK(write([&, to = visibility](Transaction& tx) {
      return tx.repositories().set_visibility(repo, to);
    }));
  }
  EXPECT_EQ(list(Visibility::Public, ""), (Texts{"a=", "c="}));
  EXPECT_EQ(list(Visibility::Public, "c"), Texts{"e="});
  EXPECT_EQ(list(Visibility::Internal, ""), Texts{"d="});
}

// Whoever makes a new one under the name does not speak with the old one's words.
TEST_P(StoreConformance, WordsGoWithTheirRepository) {
  const RepositoryId repo = repository("app");
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.words().set_description(repo, "old"));
    return tx.words().set_readme(repo, "# old", at(0));
  }));
  const WallTime later = at(0) + Repositories::kEmptyStays + std::chrono::hours(1);
  ASSERT_OK(write([&](Transaction& tx) {
    return tx.retention().expire_repositories(later, later + std::chrono::hours(1), 10);
  }));
  const RepositoryId again = repository("app");
  EXPECT_EQ(read([&](const Snapshot& s) { return s.words().description(again); }).value(), "");
  EXPECT_FAILS(NotFound, read([&](const Snapshot& s) { return s.words().readme(again); }));
}

}  // namespace entrepot::meta::testing
