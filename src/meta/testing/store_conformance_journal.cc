#include "meta/testing/on_threads.h"
#include "meta/testing/store_conformance.h"

namespace entrepot::meta::testing {

namespace {

events::Event pushed(std::string_view bytes, int when) {
  return events::Event{.kind = events::EventKind::ManifestPushed,
                       .at = at(when),
                       .actor = {events::ActorKind::User, "alice"},
                       .repository = name("team/app"),
                       .digest = sha256(bytes),
                       .tag = tag("v1"),
                       .previous = sha512("before"),
                       .detail = R"({"why":"a test"})",
                       .client = "192.0.2.1",
                       .request = "r"};
}

}  // namespace

TEST_P(StoreConformance, JournalKeepsEventsWhole) {
  const events::Event full = pushed("bytes", 1);
  const events::Event bare{.kind = events::EventKind::RepositoryCreated, .at = at(2)};
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.journal().add(full));
    return tx.journal().add(bare);
  }));
  const auto entries =
      read([](const Snapshot& s) { return s.journal().read(0, 10); }).value().entries;
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_LT(entries[0].sequence, entries[1].sequence);
  for (const auto& [read_back, written] :
       {std::pair(entries[0].event, full), std::pair(entries[1].event, bare)}) {
    EXPECT_EQ(read_back.kind, written.kind);
    EXPECT_EQ(read_back.at, written.at);
    EXPECT_EQ(read_back.actor, written.actor);
    EXPECT_EQ(read_back.repository, written.repository);
    EXPECT_EQ(read_back.digest, written.digest);
    EXPECT_EQ(read_back.tag, written.tag);
    EXPECT_EQ(read_back.previous, written.previous);
    EXPECT_EQ(read_back.detail, written.detail);
    EXPECT_EQ(read_back.client, written.client);
    EXPECT_EQ(read_back.request, written.request);
  }
}

TEST_P(StoreConformance, JournalIsReadOnFromANumber) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_OK(write([&](Transaction& tx) { return tx.journal().add(pushed("x", i)); }));
  }
  std::vector<WallTime> times;
  for (std::int64_t after = 0;;) {
    const auto page =
        read([&](const Snapshot& s) { return s.journal().read(after, 2); }).value().entries;
    if (page.empty()) break;
    ASSERT_LE(page.size(), 2u);
    for (const Journal::Entry& each : page) {
      ASSERT_GT(each.sequence, after);
      after = each.sequence;
      times.push_back(each.event.at);
    }
  }
  EXPECT_EQ(times, (std::vector<WallTime>{at(0), at(1), at(2), at(3), at(4)}));
}

// Whoever reads on from a number is told whether anything behind it was dropped.
// Unless the event says it itself: what waited may be written by another request, or by none.
TEST_P(StoreConformance, JournalSaysWhoseRequestItWas) {
  Context context("request-7");
  context.set_client("192.0.2.7");
  const events::Event bare{.kind = events::EventKind::RepositoryCreated, .at = at(2)};
  ASSERT_OK(store().write(context, [&](Transaction& tx) -> Result<void> {
    TRY(tx.journal().add(bare));
    return tx.journal().add(pushed("x", 1));
  }));
  const auto entries =
      read([](const Snapshot& s) { return s.journal().read(0, 10); }).value().entries;
  ASSERT_EQ(entries.size(), 2u);
  EXPECT_EQ(entries[0].event.client, "192.0.2.7");
  EXPECT_EQ(entries[0].event.request, "request-7");
  EXPECT_EQ(entries[1].event.client, "192.0.2.1");
  EXPECT_EQ(entries[1].event.request, "r");
}

TEST_P(StoreConformance, JournalIsReadBackFromItsEnd) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_OK(write([&](Transaction& tx) { return tx.journal().add(pushed("x", i)); }));
  }
  std::vector<WallTime> times;
  for (std::optional<std::int64_t> before;;) {
    const auto page = read([&](const Snapshot& s) { return s.journal().read_back(before, 2); });
    if (page.value().empty()) break;
    for (const Journal::Entry& entry : *page) {
      times.push_back(entry.event.at);
      before = entry.sequence;
    }
  }
  EXPECT_EQ(times, (std::vector<WallTime>{at(4), at(3), at(2), at(1), at(0)}));
}

TEST_P(StoreConformance, SealsFollowOneAnother) {
  const auto seal = [](std::int64_t last) {
    return Seal{last, at(3), sha256("content"), sha256("chain" + std::to_string(last))};
  };
  EXPECT_EQ(read([](const Snapshot& s) { return s.seals().last(); }).error().code,
            ErrorCode::NotFound);
  for (const std::int64_t last : {2, 5, 9}) {
    ASSERT_OK(write([&](Transaction& tx) { return tx.seals().add(seal(last)); }));
  }
  for (const std::int64_t last : {9, 4}) {
    EXPECT_EQ(write([&](Transaction& tx) { return tx.seals().add(seal(last)); }).error().code,
              ErrorCode::AlreadyExists);
  }
  EXPECT_EQ(read([](const Snapshot& s) { return s.seals().last(); })->last, 9);
  const auto rest = read([](const Snapshot& s) { return s.seals().list(2, 10); }).value();
  ASSERT_EQ(rest.size(), 2u);
  EXPECT_EQ(rest[0].last, 5);
  EXPECT_EQ(rest[0].at, at(3));
  EXPECT_EQ(rest[0].content, sha256("content"));
  EXPECT_EQ(rest[0].chain, sha256("chain5"));
}

TEST_P(StoreConformance, JournalTellsWhoStayedAwayForTooLong) {
  std::vector<std::int64_t> numbers;
  for (int i = 0; i < 4; ++i) {
    ASSERT_OK(write([&](Transaction& tx) { return tx.journal().add(pushed("x", i)); }));
  }
  const auto page = [&](std::int64_t after) {
    return read([&](const Snapshot& s) { return s.journal().read(after, 10); }).value();
  };
  for (const Journal::Entry& entry : page(0).entries) numbers.push_back(entry.sequence);
  EXPECT_FALSE(page(0).missed);
  const auto drop = [&](std::vector<std::int64_t> which) {
    ASSERT_OK(write([&](Transaction& tx) { return tx.retention().drop_entries(which); }));
  };
  drop({});
  EXPECT_FALSE(page(0).missed);
  drop({numbers[0], numbers[2]});
  drop({numbers[1]});
  for (const std::int64_t after : {std::int64_t{0}, numbers[0], numbers[1]}) {
    EXPECT_TRUE(page(after).missed);
    EXPECT_EQ(page(after).entries.size(), 1u);
  }
  EXPECT_FALSE(page(numbers[2]).missed);
  EXPECT_FALSE(page(numbers[3]).missed);
}

// However many write at once: what was read is settled, nothing comes before it.
TEST_P(StoreConformance, JournalReaderMissesNoLateCommit) {
  constexpr int kWriters = 4;
  constexpr int kWorks = 50;
  std::size_t seen = 0;
  on_threads(kWriters + 1, [&](int thread) {
    Context own;
    if (thread < kWriters) {
      for (int i = 0; i < kWorks; ++i) {
        EXPECT_OK(store().write(own, [&](Transaction& tx) -> Result<void> {
          TRY(tx.journal().add(pushed("x", i)));
          return tx.journal().add(pushed("y", i));
        }));
      }
      return;
    }
    for (std::int64_t after = 0; seen < 2 * kWriters * kWorks;) {
      const auto page = store().view<Journal::Page>(
          own, [&](const Snapshot& s) { return s.journal().read(after, 7); });
      ASSERT_OK(page);
      for (const Journal::Entry& entry : page->entries) {
        ASSERT_GT(entry.sequence, after);
        after = entry.sequence;
        ++seen;
      }
    }
  });
  EXPECT_EQ(seen, 2u * kWriters * kWorks);
}

// An event belongs to the work that it tells of.
TEST_P(StoreConformance, JournalOfAFailedWorkIsUndone) {
  EXPECT_FAILS(Denied, write([&](Transaction& tx) -> Result<void> {
                 TRY(tx.journal().add(pushed("x", 1)));
                 return fail(ErrorCode::Denied, "changed my mind");
               }));
  EXPECT_TRUE(read([](const Snapshot& s) { return s.journal().read(0, 10); })->entries.empty());
}

}  // namespace entrepot::meta::testing
