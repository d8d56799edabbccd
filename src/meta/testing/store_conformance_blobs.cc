#include "meta/testing/store_conformance.h"

namespace entrepot::meta::testing {

TEST_P(StoreConformance, BlobIsSeenOnlyWhereItIsLinked) {
  const RepositoryId one = repository("one");
  const RepositoryId two = repository("two");
  const Digest blob = record("layer");
  ASSERT_OK(write([&](Transaction& tx) { return tx.blobs().link(one, blob, at(1)); }));
  ASSERT_OK(read([&](const Snapshot& s) -> Result<void> {
    EXPECT_EQ(s.blobs().find(one, blob)->size_bytes, 5u);
    EXPECT_EQ(s.blobs().find(name("one"), blob)->digest, blob);
    EXPECT_FAILS(NotFound, s.blobs().find(two, blob));
    EXPECT_FAILS(NotFound, s.blobs().find(name("two"), blob));
    EXPECT_FAILS(NotFound, s.blobs().find(name("nobody"), blob));
    EXPECT_FAILS(NotFound, s.blobs().find(one, sha256("other")));
    EXPECT_OK(s.blobs().find_anywhere(blob));
    EXPECT_FAILS(NotFound, s.blobs().find_anywhere(sha256("other")));
    return {};
  }));
}

TEST_P(StoreConformance, BlobThatTheStoreLacksCannotBeLinked) {
  const RepositoryId repo = repository("app");
  const Digest going = record("going");
  ASSERT_OK(write([&](Transaction& tx) { return tx.blobs().mark_going(going); }));
  for (const Digest& digest : {sha256("unknown"), sha512("unknown"), going}) {
    EXPECT_FAILS(NotFound,
                 write([&](Transaction& tx) { return tx.blobs().link(repo, digest, at(1)); }));
  }
}

TEST_P(StoreConformance, UnlinkedBlobIsNotFoundThereAndRemembered) {
  const RepositoryId one = repository("one");
  const RepositoryId two = repository("two");
  const Digest blob = record("layer");
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.blobs().link(one, blob, at(1)));
    TRY(tx.blobs().link(two, blob, at(1)));
    return tx.blobs().unlink(one, blob);
  }));
  ASSERT_OK(read([&](const Snapshot& s) -> Result<void> {
    EXPECT_FAILS(NotFound, s.blobs().find(one, blob));
    EXPECT_FAILS(NotFound, s.blobs().find(name("one"), blob));
    EXPECT_FAILS(NotFound, s.blobs().linked_at(one, blob));
    EXPECT_TRUE(s.blobs().was_linked(one, blob).value());
    EXPECT_OK(s.blobs().find(two, blob));
    EXPECT_FALSE(s.blobs().was_linked(two, blob).value());
    EXPECT_OK(s.blobs().find_anywhere(blob));
    return {};
  }));
  EXPECT_FAILS(NotFound, write([&](Transaction& tx) { return tx.blobs().unlink(one, blob); }));
  EXPECT_FAILS(NotFound,
               write([&](Transaction& tx) { return tx.blobs().unlink(one, sha256("other")); }));
}

TEST_P(StoreConformance, LinkingAgainHealsADroppedLinkAndMovesItsTime) {
  const RepositoryId repo = repository("app");
  const Digest blob = record("layer");
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.blobs().link(repo, blob, at(1)));
    TRY(tx.blobs().unlink(repo, blob));
    TRY(tx.blobs().link(repo, blob, at(2)));
    return tx.blobs().link(repo, blob, at(3));
  }));
  ASSERT_OK(read([&](const Snapshot& s) -> Result<void> {
    EXPECT_OK(s.blobs().find(repo, blob));
    EXPECT_FALSE(s.blobs().was_linked(repo, blob).value());
    EXPECT_EQ(s.blobs().linked_at(repo, blob).value(), at(3));
    return {};
  }));
}

TEST_P(StoreConformance, HoldersAreTheRepositoriesThatLinkIt) {
  const RepositoryId one = repository("one");
  const RepositoryId two = repository("two");
  const RepositoryId three = repository("three");
  const Digest blob = record("layer");
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    for (const RepositoryId each : {three, one, two}) TRY(tx.blobs().link(each, blob, at(1)));
    return tx.blobs().unlink(two, blob);
  }));
  const auto holders = [&](const Digest& digest, std::size_t limit) {
    return read([&](const Snapshot& s) { return s.blobs().holders(digest, limit); }).value();
  };
  EXPECT_EQ(holders(blob, 10), (std::vector<RepositoryId>{one, three}));
  EXPECT_EQ(holders(blob, 1), (std::vector<RepositoryId>{one}));
  EXPECT_TRUE(holders(sha256("other"), 10).empty());
}

TEST_P(StoreConformance, RepositoriesThatHaveABlobAreToldNewestFirst) {
  const RepositoryId one = repository("z/one");
  const RepositoryId two = repository("two");
  const RepositoryId three = repository("a/three");
  const Digest blob = record("layer");
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.blobs().record({blob, 5}, sha512("layer"), at(0)));
    for (const RepositoryId each : {three, one, two}) TRY(tx.blobs().link(each, blob, at(1)));
    return tx.blobs().unlink(two, blob);
  }));
  const auto having = [&](const Digest& digest, std::size_t limit) {
    return read([&](const Snapshot& s) { return s.repositories().having(digest, limit); }).value();
  };
  EXPECT_EQ(having(blob, 10), (std::vector<RepositoryName>{name("a/three"), name("z/one")}));
  EXPECT_EQ(having(sha512("layer"), 1), (std::vector<RepositoryName>{name("a/three")}));
  EXPECT_TRUE(having(sha256("other"), 10).empty());
}

TEST_P(StoreConformance, GoingBlobIsSeenNowhere) {
  const RepositoryId repo = repository("app");
  const Digest blob = record("layer");
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.blobs().link(repo, blob, at(1)));
    TRY(tx.blobs().mark_going(blob));
    return tx.blobs().mark_going(blob);  // a step that was interrupted is taken again
  }));
  ASSERT_OK(read([&](const Snapshot& s) -> Result<void> {
    EXPECT_FAILS(NotFound, s.blobs().find(repo, blob));
    EXPECT_FAILS(NotFound, s.blobs().find(name("app"), blob));
    EXPECT_FAILS(NotFound, s.blobs().find_anywhere(blob));
    EXPECT_TRUE(s.blobs().was_linked(repo, blob).value());
    return {};
  }));
  EXPECT_FAILS(NotFound,
               write([&](Transaction& tx) { return tx.blobs().mark_going(sha256("other")); }));
}

// The same bytes were pushed again before they had gone.
TEST_P(StoreConformance, RecordingAGoingBlobBringsItBack) {
  const RepositoryId repo = repository("app");
  const Digest blob = record("layer");
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.blobs().link(repo, blob, at(1)));
    return tx.blobs().mark_going(blob);
  }));
  record("layer");
  EXPECT_OK(read([&](const Snapshot& s) { return s.blobs().find(repo, blob); }));
}

TEST_P(StoreConformance, ForgottenBlobLeavesDroppedLinks) {
  const RepositoryId repo = repository("app");
  const RepositoryId other = repository("other");
  const Digest blob = record("layer");
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.blobs().link(repo, blob, at(1)));
    TRY(tx.blobs().mark_going(blob));
    TRY(tx.blobs().forget(blob, at(9)));
    return tx.blobs().forget(blob, at(9));  // a step that was interrupted is taken again
  }));
  const auto expect_gone = [&] {
    ASSERT_OK(read([&](const Snapshot& s) -> Result<void> {
      EXPECT_FAILS(NotFound, s.blobs().find(repo, blob));
      EXPECT_TRUE(s.blobs().was_linked(repo, blob).value());
      EXPECT_FALSE(s.blobs().was_linked(other, blob).value());
      EXPECT_TRUE(s.blobs().holders(blob, 10)->empty());
      return {};
    }));
  };
  expect_gone();
  // Bytes that come back for another repository do not bring the old link back.
  record("layer");
  EXPECT_OK(read([&](const Snapshot& s) { return s.blobs().find_anywhere(blob); }));
  expect_gone();
}

TEST_P(StoreConformance, AliasStandsForTheBlobEverywhere) {
  const RepositoryId repo = repository("app");
  const Digest blob = sha256("layer");
  const Digest alias = sha512("layer");
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.blobs().record({blob, 5}, alias, at(0)));
    return tx.blobs().link(repo, alias, at(1));
  }));
  for (const Digest& digest : {alias, blob}) {
    ASSERT_OK(read([&](const Snapshot& s) -> Result<void> {
      EXPECT_EQ(s.blobs().find(repo, digest)->digest, blob);
      EXPECT_EQ(s.blobs().find(name("app"), digest)->digest, blob);
      EXPECT_EQ(s.blobs().find_anywhere(digest)->digest, blob);
      EXPECT_EQ(s.blobs().holders(digest, 10)->size(), 1u);
      EXPECT_EQ(s.blobs().linked_at(repo, digest).value(), at(1));
      return {};
    }));
  }
  ASSERT_OK(write([&](Transaction& tx) { return tx.blobs().unlink(repo, alias); }));
  EXPECT_FAILS(NotFound, read([&](const Snapshot& s) { return s.blobs().find(repo, blob); }));
  EXPECT_TRUE(read([&](const Snapshot& s) { return s.blobs().was_linked(repo, alias); }).value());
  ASSERT_OK(write([&](Transaction& tx) { return tx.blobs().mark_going(alias); }));
  EXPECT_FAILS(NotFound, read([&](const Snapshot& s) { return s.blobs().find_anywhere(blob); }));
}

// Afterwards nothing tells that the alias meant those bytes, yet the repository had them.
TEST_P(StoreConformance, ForgottenAliasIsRememberedAsDroppedToo) {
  const RepositoryId repo = repository("app");
  const RepositoryId other = repository("other");
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.blobs().record({sha256("layer"), 5}, sha512("layer"), at(0)));
    TRY(tx.blobs().link(repo, sha256("layer"), at(1)));
    return tx.blobs().forget(sha256("layer"), at(9));
  }));
  ASSERT_OK(read([&](const Snapshot& s) -> Result<void> {
    EXPECT_TRUE(s.blobs().was_linked(repo, sha512("layer")).value());
    EXPECT_FALSE(s.blobs().was_linked(other, sha512("layer")).value());
    EXPECT_FAILS(NotFound, s.blobs().find(repo, sha512("layer")));
    EXPECT_FAILS(NotFound, s.blobs().find_anywhere(sha512("layer")));
    return {};
  }));
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.blobs().record({sha256("layer"), 5}, sha512("layer"), at(2)));
    return tx.blobs().link(repo, sha512("layer"), at(2));
  }));
  EXPECT_FALSE(
      read([&](const Snapshot& s) { return s.blobs().was_linked(repo, sha512("layer")); }).value());
}

TEST_P(StoreConformance, BlobsAreRecordedUnderTheirSha256Only) {
  const auto record_as = [&](const Digest& digest, std::optional<Digest> alias) {
    return write([&](Transaction& tx) { return tx.blobs().record({digest, 5}, alias, at(0)); });
  };
  EXPECT_FAILS(InvalidArgument, record_as(sha512("layer"), std::nullopt));
  EXPECT_FAILS(InvalidArgument, record_as(sha256("layer"), sha256("other")));
  EXPECT_FAILS(NotFound,
               read([](const Snapshot& s) { return s.blobs().find_anywhere(sha256("layer")); }));
  EXPECT_OK(record_as(sha256("layer"), sha256("layer")));
}

TEST_P(StoreConformance, BlobSizesAreKeptPastFourGigabytes) {
  const std::uint64_t huge = 5'000'000'000'000;
  ASSERT_OK(write([&](Transaction& tx) {
    return tx.blobs().record({sha256("huge"), huge}, std::nullopt, at(0));
  }));
  EXPECT_EQ(
      read([](const Snapshot& s) { return s.blobs().find_anywhere(sha256("huge")); })->size_bytes,
      huge);
}

}  // namespace entrepot::meta::testing
