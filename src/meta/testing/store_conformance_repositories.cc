#include "meta/testing/store_conformance.h"

namespace entrepot::meta::testing {

void link_repository_cases() {}

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
  const Repository made = make(1);
  const Repository again = make(2);
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
    repository(each);
  }
  const auto all = read([](const Snapshot& s) { return s.repositories().list("", 100); }).value();
  EXPECT_EQ(texts(all),
            (std::vector<std::string>{"a", "a-b", "a.b", "a/b", "a/b/c", "a0", "a_b", "ab", "b"}));
}

// Pages of every size add up to the whole list.
TEST_P(StoreConformance, RepositoriesCanBePagedThrough) {
  for (const char* each : {"a", "a/b", "a/b/c", "ab", "b"}) repository(each);
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
  repository("m");
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
