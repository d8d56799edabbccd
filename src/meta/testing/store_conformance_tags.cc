#include "meta/testing/store_conformance.h"

namespace entrepot::meta::testing {

namespace {

std::vector<std::string> texts(const std::vector<Tag>& tags) {
  std::vector<std::string> texts;
  texts.reserve(tags.size());
  for (const Tag& each : tags) texts.push_back(each.str());
  return texts;
}

events::Event event(events::EventKind kind, const Digest& digest, int when, const char* of) {
  return events::Event{.kind = kind,
                       .at = at(when),
                       .actor = {events::ActorKind::User, "alice"},
                       .repository = name("app"),
                       .digest = digest,
                       .tag = tag(of),
                       .previous = std::nullopt};
}

}  // namespace

TEST_P(StoreConformance, TagMoveTellsWhereItPointedBefore) {
  const RepositoryId repo = repository("app");
  const Digest first = put(repo, "first");
  const Digest second = put(repo, "second");
  const auto move = [&](const Digest& to, int when) {
    return write([&](Transaction& tx) { return tx.tags().move(repo, tag("v1"), to, at(when)); })
        .value();
  };
  EXPECT_EQ(move(first, 1), std::nullopt);
  EXPECT_EQ(move(second, 2), first);
  EXPECT_EQ(move(second, 3), second);

  const TagRow row =
      read([&](const Snapshot& s) { return s.tags().find(repo, tag("v1")); }).value();
  EXPECT_EQ(row.tag, tag("v1"));
  EXPECT_EQ(row.digest, second);
  EXPECT_EQ(row.moved_at, at(3));
}

TEST_P(StoreConformance, TagPointsOnlyAtALiveManifestOfItsRepository) {
  const RepositoryId repo = repository("app");
  const RepositoryId other = repository("other");
  const Digest elsewhere = put(other, "elsewhere");
  const Digest removed = put(repo, "removed");
  ASSERT_OK(
      write([&](Transaction& tx) { return tx.manifests().remove(repo, removed, at(1), ""); }));
  for (const Digest& digest : {sha256("never pushed"), elsewhere, removed}) {
    EXPECT_FAILS(NotFound, write([&](Transaction& tx) {
                   return tx.tags().move(repo, tag("v1"), digest, at(2));
                 }));
  }
  EXPECT_FAILS(NotFound, read([&](const Snapshot& s) { return s.tags().find(repo, tag("v1")); }));
}

TEST_P(StoreConformance, RemovedTagIsNotFoundAndTellsItsManifest) {
  const RepositoryId repo = repository("app");
  const Digest digest = put(repo, "bytes");
  ASSERT_OK(write([&](Transaction& tx) { return tx.tags().move(repo, tag("v1"), digest, at(1)); }));
  const auto remove = [&] {
    return write([&](Transaction& tx) { return tx.tags().remove(repo, tag("v1")); });
  };
  EXPECT_EQ(remove().value(), digest);
  EXPECT_FAILS(NotFound, remove());
  EXPECT_FAILS(NotFound, read([&](const Snapshot& s) { return s.tags().find(repo, tag("v1")); }));
  EXPECT_OK(read([&](const Snapshot& s) { return s.manifests().find(repo, digest); }));
}

TEST_P(StoreConformance, AllTagsOfAManifestAreRemovedTogether) {
  const RepositoryId repo = repository("app");
  const RepositoryId other = repository("other");
  const Digest digest = put(repo, "bytes");
  const Digest same_elsewhere = put(other, "bytes");
  const Digest next = put(repo, "next");
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    for (const char* each : {"b", "a", "c"}) {
      TRY(tx.tags().move(repo, tag(each), digest, at(0)));
    }
    TRY(tx.tags().move(repo, tag("next"), next, at(0)));
    TRY(tx.tags().move(other, tag("a"), same_elsewhere, at(0)));
    return {};
  }));
  const auto removed =
      write([&](Transaction& tx) { return tx.tags().remove_all(repo, digest); }).value();
  EXPECT_EQ(texts(removed), (std::vector<std::string>{"a", "b", "c"}));
  const auto left = [&](RepositoryId of) {
    return texts(read([&](const Snapshot& s) { return s.tags().list(of, "", 10); }).value());
  };
  EXPECT_EQ(left(repo), (std::vector<std::string>{"next"}));
  EXPECT_EQ(left(other), (std::vector<std::string>{"a"}));
}

TEST_P(StoreConformance, TagsThatPointAtAManifestAreTold) {
  const RepositoryId repo = repository("app");
  const Digest digest = put(repo, "bytes");
  const Digest untagged = put(repo, "untagged");
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.tags().move(repo, tag("b"), digest, at(0)));
    TRY(tx.tags().move(repo, tag("a"), digest, at(0)));
    return {};
  }));
  const auto pointing_at = [&](const Digest& to, std::size_t limit) {
    return texts(
        read([&](const Snapshot& s) { return s.tags().pointing_at(repo, to, limit); }).value());
  };
  EXPECT_EQ(pointing_at(digest, 10), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(pointing_at(digest, 1), (std::vector<std::string>{"a"}));
  EXPECT_TRUE(pointing_at(untagged, 10).empty());
  EXPECT_TRUE(pointing_at(sha256("never pushed"), 10).empty());
}

TEST_P(StoreConformance, TagsAreToldByPagesInBothOrders) {
  const RepositoryId repo = repository("app");
  const Digest digest = put(repo, "bytes");
  const Digest other = put(repo, "other");
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.tags().move(repo, tag("old"), digest, at(1)));
    TRY(tx.tags().move(repo, tag("twin"), digest, at(5)));
    TRY(tx.tags().move(repo, tag("also"), other, at(5)));
    TRY(tx.tags().move(repo, tag("new"), digest, at(9)));
    return {};
  }));
  using Order = TagQuery::Order;
  const auto paged = [&](Order order, std::size_t limit) {
    std::vector<std::string> names;
    TagQuery query{.repository = repo, .order = order, .limit = limit};
    for (;;) {
      const auto rows = read([&](const Snapshot& s) { return s.tags().page(query); }).value();
      for (const TagRow& row : rows) names.push_back(row.tag.str());
      if (rows.size() < limit) return names;
      query.after = {rows.back().tag.str(), rows.back().moved_at};
    }
  };
  for (const std::size_t limit : {1u, 2u, 3u, 10u}) {
    EXPECT_EQ(paged(Order::ByName, limit),
              (std::vector<std::string>{"also", "new", "old", "twin"}));
    EXPECT_EQ(paged(Order::NewestFirst, limit),
              (std::vector<std::string>{"new", "twin", "also", "old"}));
  }
  const auto rows =
      read([&](const Snapshot& s) { return s.tags().page({.repository = repo, .limit = 1}); });
  EXPECT_EQ(rows->front().digest, other);
  EXPECT_EQ(rows->front().moved_at, at(5));
}

TEST_P(StoreConformance, TagsAreCountedSoFarAsIsAsked) {
  const RepositoryId repo = repository("app");
  const auto count = [&](std::size_t most) {
    return read([&](const Snapshot& s) { return s.tags().count(repo, most); }).value();
  };
  EXPECT_EQ(count(10), 0u);
  const Digest digest = put(repo, "bytes");
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    for (const char* each : {"a", "b", "c"}) TRY(tx.tags().move(repo, tag(each), digest, at(0)));
    return {};
  }));
  EXPECT_EQ(count(10), 3u);
  EXPECT_EQ(count(2), 2u);
}

TEST_P(StoreConformance, TagsAreListedInAsciiOrderByPages) {
  const RepositoryId repo = repository("app");
  const Digest digest = put(repo, "bytes");
  const std::vector<std::string> sorted = {"1", "1-x", "1.0", "1.0.1", "10", "B", "_", "a", "aa"};
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    for (auto each = sorted.rbegin(); each != sorted.rend(); ++each) {
      TRY(tx.tags().move(repo, tag(*each), digest, at(0)));
    }
    return {};
  }));
  for (std::size_t size = 1; size <= sorted.size() + 1; ++size) {
    std::vector<std::string> seen;
    for (std::string after;;) {
      const auto page =
          read([&](const Snapshot& s) { return s.tags().list(repo, after, size); }).value();
      if (page.empty()) break;
      ASSERT_LE(page.size(), size);
      for (const Tag& each : page) seen.push_back(each.str());
      after = seen.back();
    }
    EXPECT_EQ(seen, sorted) << size;
  }
}

TEST_P(StoreConformance, TagListOfNoEntriesIsEmpty) {
  const RepositoryId repo = repository("app");
  put(repo, "untagged");
  EXPECT_TRUE(read([&](const Snapshot& s) { return s.tags().list(repo, "", 10); })->empty());
  EXPECT_TRUE(read([&](const Snapshot& s) { return s.tags().list(repo, "", 0); })->empty());
}

TEST_P(StoreConformance, TagHistoryIsReadFromTheJournalNewestFirst) {
  using events::EventKind;
  const RepositoryId repo = repository("app");
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.journal().add(event(EventKind::ManifestPushed, sha256("1"), 1, "v1")));
    TRY(tx.journal().add(event(EventKind::ManifestPushed, sha256("2"), 2, "v1")));
    TRY(tx.journal().add(event(EventKind::ManifestPushed, sha256("9"), 3, "v10")));
    return tx.journal().add(event(EventKind::TagDeleted, sha256("2"), 4, "v1"));
  }));
  const auto history = [&](std::size_t limit) {
    return read([&](const Snapshot& s) { return s.tags().history(repo, tag("v1"), limit); })
        .value();
  };
  const auto all = history(10);
  ASSERT_EQ(all.size(), 3u);
  EXPECT_EQ(all[0].digest, std::nullopt);
  EXPECT_EQ(all[0].at, at(4));
  EXPECT_EQ(all[1].digest, sha256("2"));
  EXPECT_EQ(all[2].digest, sha256("1"));
  EXPECT_EQ(all[2].by, "alice");
  EXPECT_EQ(history(1).size(), 1u);
}

TEST_P(StoreConformance, TagHistoryIsOfOneRepository) {
  repository("app");
  const RepositoryId other = repository("other");
  ASSERT_OK(write([&](Transaction& tx) {
    return tx.journal().add(event(events::EventKind::ManifestPushed, sha256("1"), 1, "v1"));
  }));
  EXPECT_TRUE(
      read([&](const Snapshot& s) { return s.tags().history(other, tag("v1"), 10); })->empty());
}

}  // namespace entrepot::meta::testing
