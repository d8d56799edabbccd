#include "meta/testing/store_conformance.h"

namespace entrepot::meta::testing {

void link_journal_cases() {}

namespace {

events::Event pushed(std::string_view bytes, int when) {
  return events::Event{.kind = events::EventKind::ManifestPushed,
                       .at = at(when),
                       .actor = "alice",
                       .repository = name("team/app"),
                       .digest = sha256(bytes),
                       .tag = tag("v1"),
                       .previous = sha512("before")};
}

}  // namespace

TEST_P(StoreConformance, JournalKeepsEventsWhole) {
  const events::Event full = pushed("bytes", 1);
  const events::Event bare{.kind = events::EventKind::BlobMounted,
                           .at = at(2),
                           .actor = "",
                           .repository = name("other"),
                           .digest = std::nullopt,
                           .tag = std::nullopt,
                           .previous = std::nullopt};
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.journal().add(full));
    return tx.journal().add(bare);
  }));
  const auto entries = read([](const Snapshot& s) { return s.journal().read(0, 10); }).value();
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
  }
}

TEST_P(StoreConformance, JournalIsReadOnFromANumber) {
  for (int i = 0; i < 5; ++i) {
    ASSERT_OK(write([&](Transaction& tx) { return tx.journal().add(pushed("x", i)); }));
  }
  std::vector<WallTime> times;
  for (std::int64_t after = 0;;) {
    const auto page = read([&](const Snapshot& s) { return s.journal().read(after, 2); }).value();
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

// An event belongs to the work that it tells of.
TEST_P(StoreConformance, JournalOfAFailedWorkIsUndone) {
  EXPECT_FAILS(Denied, write([&](Transaction& tx) -> Result<void> {
                 TRY(tx.journal().add(pushed("x", 1)));
                 return fail(ErrorCode::Denied, "changed my mind");
               }));
  EXPECT_TRUE(read([](const Snapshot& s) { return s.journal().read(0, 10); })->empty());
}

}  // namespace entrepot::meta::testing
