#include "meta/testing/store_conformance.h"

namespace entrepot::meta::testing {

namespace {

constexpr int kDay = 24 * 3600;

events::Event moved(std::string_view where, std::string_view tag_text, int when) {
  return events::Event{.kind = events::EventKind::ManifestPushed,
                       .at = at(when),
                       .actor = {events::ActorKind::User, "alice"},
                       .repository = name(where),
                       .digest = sha256("bytes"),
                       .tag = tag(tag_text),
                       .previous = std::nullopt};
}

Result<void> add_moves(Transaction& tx, std::string_view tag_text, int from, int to) {
  for (int i = from; i < to; ++i) TRY(tx.journal().add(moved("app", tag_text, i)));
  return {};
}

// One walk over what is older than `before`, as its user makes it; returns how many went.
std::size_t shorten(Transaction& tx, int before, std::size_t page) {
  std::size_t gone = 0;
  for (std::optional<std::int64_t> after = 0; after;) {
    const auto old = tx.retention().old_entries(at(before), *after, page).value();
    EXPECT_OK(tx.retention().drop_entries(old.sequences));
    gone += old.sequences.size();
    after = old.next;
  }
  return gone;
}

}  // namespace

TEST_P(StoreConformance, JournalKeepsTheNewestMovesOfEachTagAndWhatIsYoung) {
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(add_moves(tx, "busy", 0, 130));
    TRY(add_moves(tx, "quiet", 130, 140));
    events::Event other = moved("app", "x", 140);
    other.tag.reset();
    TRY(tx.journal().add(other));
    TRY(add_moves(tx, "young", 1000, 1110));
    EXPECT_EQ(shorten(tx, 500, 7), 31u) << "30 moves of a busy tag, and what is of no tag";
    EXPECT_EQ(shorten(tx, 500, 1000), 0u);
    EXPECT_EQ(shorten(tx, 2000, 1000), 10u) << "of the young ones";
    return {};
  }));
  repository("app");
  const auto history = [&](const char* of) {
    return read([&](const Snapshot& s) -> Result<std::vector<TagMove>> {
             TRY_ASSIGN(const auto repo, s.repositories().find(name("app")));
             return s.tags().history(repo.id, tag(of), 1000);
           })
        .value();
  };
  ASSERT_EQ(history("busy").size(), 100u);
  EXPECT_EQ(history("busy").back().at, at(30));
  EXPECT_EQ(history("quiet").size(), 10u);
}

// Its number would be given to the next one.
TEST_P(StoreConformance, NewestEntryOfTheJournalStays) {
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    for (int i = 0; i < 3; ++i) {
      events::Event event = moved("app", "x", i);
      event.tag.reset();
      TRY(tx.journal().add(event));
    }
    EXPECT_EQ(shorten(tx, 500, 10), 2u);
    return {};
  }));
  EXPECT_EQ(read([](const Snapshot& s) { return s.journal().read(0, 10); })->entries.size(), 1u);
}

TEST_P(StoreConformance, JournalKeepsWhatAKnownReaderHasNotRead) {
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(add_moves(tx, "v1", 0, 150));
    TRY_ASSIGN(const auto page, tx.journal().read(0, 1000));
    const auto& entries = page.entries;
    TRY(tx.journal().hold("webhooks", entries[9].sequence));
    TRY(tx.journal().hold("replication", entries[39].sequence));
    EXPECT_EQ(shorten(tx, 500, 1000), 10u);
    TRY(tx.journal().hold("webhooks", entries[19].sequence));
    EXPECT_EQ(shorten(tx, 500, 1000), 10u);
    TRY(tx.journal().release("webhooks"));
    EXPECT_EQ(shorten(tx, 500, 1000), 20u);
    TRY(tx.journal().release("replication"));
    EXPECT_EQ(shorten(tx, 500, 1000), 10u);
    return {};
  }));
}

TEST_P(StoreConformance, DroppedLinkIsForgottenSomeTimeAfterItsBytes) {
  const RepositoryId repo = repository("app");
  const Digest layer = record("layer");
  const auto forget_links = [&](int before) {
    return write([&](Transaction& tx) { return tx.retention().forget_links(at(before), 10); })
        .value();
  };
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.blobs().record({layer, 5}, sha512("layer"), at(0)));
    TRY(tx.blobs().link(repo, layer, at(0)));
    return tx.blobs().unlink(repo, layer);
  }));
  EXPECT_EQ(forget_links(kDay), 0u) << "its bytes are there";
  ASSERT_OK(write([&](Transaction& tx) { return tx.blobs().forget(layer, at(kDay)); }));
  EXPECT_EQ(forget_links(kDay), 0u);
  const auto was_linked = [&](const Digest& digest) {
    return read([&](const Snapshot& s) { return s.blobs().was_linked(repo, digest); }).value();
  };
  EXPECT_TRUE(was_linked(layer));
  EXPECT_TRUE(was_linked(sha512("layer")));
  EXPECT_EQ(forget_links(kDay + 1), 2u) << "under both its names";
  EXPECT_FALSE(was_linked(layer));
}

TEST_P(StoreConformance, LinkOfBytesThatCameBackIsNotForgotten) {
  const RepositoryId repo = repository("app");
  const Digest layer = record("layer");
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.blobs().link(repo, layer, at(0)));
    TRY(tx.blobs().forget(layer, at(1)));
    TRY(tx.blobs().record({layer, 5}, std::nullopt, at(2)));
    return tx.blobs().link(repo, layer, at(2));
  }));
  EXPECT_EQ(write([](Transaction& tx) { return tx.retention().forget_links(at(9), 10); }), 0u);
  EXPECT_OK(read([&](const Snapshot& s) { return s.blobs().find(repo, layer); }));
}

TEST_P(StoreConformance, FinishedJobsAreForgottenButForTheNewest) {
  ASSERT_OK(write([](Transaction& tx) -> Result<void> {
    for (int i = 0; i < 105; ++i) {
      TRY_ASSIGN(const Job job, tx.jobs().enqueue("collect", "", at(i)));
      if (i != 1) TRY(tx.jobs().cancel(job.id, at(i)));
    }
    TRY_ASSIGN(const Job other, tx.jobs().enqueue("import", "", at(0)));
    return tx.jobs().cancel(other.id, at(0));
  }));
  const auto forget = [&](int before, std::size_t limit) {
    return write([&](Transaction& tx) { return tx.retention().forget_jobs(at(before), limit); })
        .value();
  };
  EXPECT_EQ(forget(3, 10), 2u) << "0 and 2; 1 has not finished";
  EXPECT_EQ(forget(1000, 1), 1u);
  EXPECT_EQ(forget(1000, 10), 1u);
  EXPECT_EQ(forget(1000, 10), 0u);
  EXPECT_EQ(read([](const Snapshot& s) { return s.retention().counts(); })->jobs, 102);
}

TEST_P(StoreConformance, EmptyRepositoryGoesAfterADay) {
  const auto is_found = [&] {
    return read([](const Snapshot& s) { return s.repositories().find(name("app")); }).has_value();
  };
  const auto expire = [&](int now, int again) {
    return write([&](Transaction& tx) {
             return tx.retention().expire_repositories(at(now), at(again), 10);
           })
        .value();
  };
  repository("app");
  EXPECT_EQ(expire(kDay - 1, kDay), 0u);
  EXPECT_TRUE(is_found());
  EXPECT_EQ(expire(kDay, 2 * kDay), 1u);
  EXPECT_FALSE(is_found());

  const RepositoryId repo = repository("app");
  const Digest digest = put(repo, "manifest");
  EXPECT_EQ(expire(9 * kDay, 9 * kDay), 0u) << "it holds one";
  ASSERT_OK(write(
      [&](Transaction& tx) { return tx.manifests().remove(repo, digest, at(9 * kDay), "bob"); }));
  EXPECT_EQ(expire(10 * kDay - 1, 10 * kDay), 0u);
  EXPECT_EQ(expire(10 * kDay, 11 * kDay), 1u);
  EXPECT_FALSE(is_found());
  put(repository("app"), "manifest");
  EXPECT_TRUE(is_found());
}

// What it had and lost is remembered beyond its own end, so a new one of the name knows it.
TEST_P(StoreConformance, RepositoryWithLinksStaysAndOneWithDroppedLinksComesBack) {
  const RepositoryId repo = repository("app");
  const Digest layer = record("layer");
  const auto is_found = [&] {
    return read([](const Snapshot& s) { return s.repositories().find(name("app")); }).has_value();
  };
  const auto expire = [&](int now, int again) {
    return write([&](Transaction& tx) {
             return tx.retention().expire_repositories(at(now), at(again), 10);
           })
        .value();
  };
  ASSERT_OK(write([&](Transaction& tx) { return tx.blobs().link(repo, layer, at(0)); }));
  EXPECT_EQ(expire(kDay, 2 * kDay), 1u);
  EXPECT_TRUE(is_found()) << "a push may be on its way";
  EXPECT_EQ(expire(2 * kDay - 1, 9 * kDay), 0u);
  ASSERT_OK(write([&](Transaction& tx) { return tx.blobs().forget(layer, at(kDay)); }));
  EXPECT_EQ(expire(2 * kDay, 3 * kDay), 1u);
  EXPECT_FALSE(is_found());
  EXPECT_TRUE(read([](const Snapshot& s) { return s.repositories().list_all("", 9); })->empty());
  const auto losses = [&] {
    return read([](const Snapshot& s) { return s.holdings().losses(); }).value();
  };
  const auto before = losses();
  EXPECT_EQ(repository("app"), repo);
  EXPECT_GT(losses(), before) << "who looked at it before has to look again";
  EXPECT_TRUE(read([&](const Snapshot& s) { return s.blobs().was_linked(repo, layer); }).value());

  EXPECT_EQ(expire(3 * kDay, 3 * kDay), 1u);
  EXPECT_EQ(write([](Transaction& tx) { return tx.retention().forget_links(at(2 * kDay), 9); }),
            1u);
  EXPECT_EQ(expire(10 * kDay - 1, 99 * kDay), 0u);
  EXPECT_EQ(expire(10 * kDay, 11 * kDay), 1u);
  EXPECT_EQ(expire(99 * kDay, 99 * kDay), 0u) << "its row is gone";
}

// A layer that everybody uses never goes, but who once had it is not known for ever.
TEST_P(StoreConformance, RepositoryThatIsGoneIsForgottenWithItsDroppedLinks) {
  const RepositoryId repo = repository("app");
  const Digest layer = record("layer");
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.blobs().link(repo, layer, at(0)));
    TRY(tx.blobs().unlink(repo, layer));
    TRY(tx.retention().expire_repositories(at(kDay), at(kDay), 10));
    TRY_ASSIGN(const auto early, tx.retention().expire_repositories(at(8 * kDay - 1), at(0), 10));
    EXPECT_EQ(early, 0u);
    EXPECT_TRUE(tx.blobs().was_linked(repo, layer).value());
    TRY_ASSIGN(const auto late, tx.retention().expire_repositories(at(8 * kDay), at(0), 10));
    EXPECT_EQ(late, 1u);
    EXPECT_FALSE(tx.blobs().was_linked(repo, layer).value());
    TRY_ASSIGN(const auto after, tx.retention().expire_repositories(at(99 * kDay), at(0), 10));
    EXPECT_EQ(after, 0u);
    return {};
  }));
}

// Each push says that the repository is not abandoned.
TEST_P(StoreConformance, EmptyRepositoryThatIsPushedToStaysForAnotherDay) {
  repository("app");
  ASSERT_OK(write([](Transaction& tx) {
    return tx.repositories().find_or_create(name("app"), at(kDay - 60));
  }));
  EXPECT_EQ(write([](Transaction& tx) {
              return tx.retention().expire_repositories(at(2 * kDay - 61), at(3 * kDay), 10);
            }),
            0u);
}

}  // namespace entrepot::meta::testing
