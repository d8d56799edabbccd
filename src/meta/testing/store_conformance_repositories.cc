#include "meta/testing/store_conformance.h"

namespace entrepot::meta::testing {

namespace {

std::vector<std::string> texts(const std::vector<RepositoryName>& names) {
  std::vector<std::string> texts;
  texts.reserve(names.size());
  for (const RepositoryName& each : names) texts.push_back(each.str());
  return texts;
}

}  // namespace

TEST_P(StoreConformance, RepositoryIsMadeOnceAndFoundAgain) {
  const auto make = [&](int when) {
    return write([&](Transaction& tx) {
             return tx.repositories().find_or_create(name("team/app"), at(when));
           })
        .value();
  };
  const FoundRepository made = make(1);
  const FoundRepository again = make(2);
  EXPECT_TRUE(made.is_new);
  EXPECT_FALSE(again.is_new);
  EXPECT_EQ(again.id, made.id);
  EXPECT_EQ(again.created_at, at(1));

  const Repository found =
      read([&](const Snapshot& s) { return s.repositories().find(name("team/app")); }).value();
  EXPECT_EQ(found.id, made.id);
  EXPECT_EQ(found.name, name("team/app"));
  EXPECT_EQ(found.created_at, at(1));
}

TEST_P(StoreConformance, RepositoryThatNobodyPushedToIsNotFound) {
  repository("team/app");
  for (const char* other : {"team", "team/ap", "team/app2", "team/app/x"}) {
    EXPECT_FAILS(NotFound,
                 read([&](const Snapshot& s) { return s.repositories().find(name(other)); }))
        << other;
  }
}

TEST_P(StoreConformance, RepositoriesAreListedInAsciiOrder) {
  for (const char* each : {"b", "a/b", "a", "a-b", "a/b/c", "a.b", "a_b", "ab", "a0"}) {
    put(repository(each), "manifest");
  }
  const auto all = read([](const Snapshot& s) { return s.repositories().list("", 100); }).value();
  EXPECT_EQ(texts(all),
            (std::vector<std::string>{"a", "a-b", "a.b", "a/b", "a/b/c", "a0", "a_b", "ab", "b"}));
}

// An empty one is found, but nobody who lists walks over it.
TEST_P(StoreConformance, RepositoriesThatHoldNoManifestAreNotListed) {
  const RepositoryId repo = repository("emptied");
  const Digest digest = put(repo, "manifest");
  put(repository("holding"), "manifest");
  repository("never-held");
  const auto listed = [&](bool all) {
    return texts(read([&](const Snapshot& s) {
                   return all ? s.repositories().list_all("", 10) : s.repositories().list("", 10);
                 }).value());
  };
  EXPECT_EQ(listed(false), (std::vector<std::string>{"emptied", "holding"}));
  const std::string again = "again";
  put(repo, again);
  for (const Digest& each : {digest, sha256(again)}) {
    ASSERT_OK(
        write([&](Transaction& tx) { return tx.manifests().remove(repo, each, at(1), "bob"); }));
  }
  EXPECT_EQ(listed(false), (std::vector<std::string>{"holding"}));
  EXPECT_EQ(listed(true), (std::vector<std::string>{"emptied", "holding", "never-held"}));
  put(repo, again);
  EXPECT_EQ(listed(false), (std::vector<std::string>{"emptied", "holding"}));
}

TEST_P(StoreConformance, RepositoriesOfOneNamespaceAreListed) {
  for (const char* each : {"acme", "acme-x/a", "acme/b", "acme/a/c", "acme0/a", "z/a"}) {
    put(repository(each), "manifest");
  }
  repository("acme/empty");
  const auto below = [&](const char* name_space, const char* after, std::size_t limit) {
    return texts(read([&](const Snapshot& s) {
                   return s.repositories().list_below(name_space, after, limit);
                 }).value());
  };
  using Texts = std::vector<std::string>;
  EXPECT_EQ(below("acme", "", 9), (Texts{"acme/a/c", "acme/b", "acme/empty"}));
  EXPECT_EQ(below("acme", "", 2), (Texts{"acme/a/c", "acme/b"}));
  EXPECT_EQ(below("acme", "acme/b", 2), (Texts{"acme/empty"}));
  EXPECT_EQ(below("acme", "acme/empty", 2), Texts{});
  EXPECT_EQ(below("acm", "", 9), Texts{});
}

// Pages of every size add up to the whole list.
TEST_P(StoreConformance, RepositoriesCanBePagedThrough) {
  for (const char* each : {"a", "a/b", "a/b/c", "ab", "b"}) put(repository(each), "manifest");
  for (std::size_t size = 1; size <= 6; ++size) {
    std::vector<std::string> seen;
    for (std::string after;;) {
      const auto page =
          read([&](const Snapshot& s) { return s.repositories().list(after, size); }).value();
      if (page.empty()) break;
      ASSERT_LE(page.size(), size);
      for (const RepositoryName& each : page) seen.push_back(each.str());
      after = seen.back();
    }
    EXPECT_EQ(seen, (std::vector<std::string>{"a", "a/b", "a/b/c", "ab", "b"})) << size;
  }
}

// Where a list goes on need not be a name that exists, nor a valid one.
TEST_P(StoreConformance, RepositoriesAreListedAfterAnyText) {
  put(repository("m"), "manifest");
  const auto after = [&](std::string_view text) {
    return read([&](const Snapshot& s) { return s.repositories().list(text, 10); }).value().size();
  };
  EXPECT_EQ(after("Z"), 1u);
  EXPECT_EQ(after("lzzz"), 1u);
  EXPECT_EQ(after("m"), 0u);
  EXPECT_EQ(after("m' OR '1'='1"), 0u);
  EXPECT_EQ(after(std::string_view("\0", 1)), 1u);
  EXPECT_EQ(after("\xff"), 0u);
}

}  // namespace entrepot::meta::testing
