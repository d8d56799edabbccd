#include "meta/testing/store_conformance.h"

namespace entrepot::meta::testing {

TEST_P(StoreConformance, ReviewsComeDueInOrderOfTheirTime) {
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.reviews().push_back(sha256("c"), at(3)));
    TRY(tx.reviews().push_back(sha256("a"), at(1)));
    TRY(tx.reviews().push_back(sha256("b"), at(2)));
    return {};
  }));
  const auto due = [&](int now, std::size_t limit) {
    const auto reviews =
        read([&](const Snapshot& s) { return s.reviews().due(at(now), limit); }).value();
    std::vector<Digest> digests;
    digests.reserve(reviews.size());
    for (const Review& each : reviews) digests.push_back(each.digest);
    return digests;
  };
  EXPECT_TRUE(due(0, 10).empty());
  EXPECT_EQ(due(2, 10), (std::vector<Digest>{sha256("a"), sha256("b")}));
  EXPECT_EQ(due(9, 10), (std::vector<Digest>{sha256("a"), sha256("b"), sha256("c")}));
  EXPECT_EQ(due(9, 1), (std::vector<Digest>{sha256("a")}));
  EXPECT_EQ(read([](const Snapshot& s) { return s.reviews().count(); }).value(), 3u);
}

TEST_P(StoreConformance, ReviewIsNeverMovedToAnEarlierTime) {
  const auto push_back = [&](int when) {
    ASSERT_OK(
        write([&](Transaction& tx) { return tx.reviews().push_back(sha256("blob"), at(when)); }));
  };
  const auto due_at = [&] {
    const auto told = read([](const Snapshot& s) { return s.reviews().due_at(sha256("blob")); });
    EXPECT_EQ(read([](const Snapshot& s) { return s.reviews().due(at(99), 10); })->at(0).due_at,
              told.value());
    return told.value();
  };
  push_back(5);
  push_back(3);
  EXPECT_EQ(due_at(), at(5));
  push_back(8);
  EXPECT_EQ(due_at(), at(8));
  EXPECT_EQ(read([](const Snapshot& s) { return s.reviews().count(); }).value(), 1u);
}

TEST_P(StoreConformance, ShiftedReviewsKeepTheirDistancesUpToTheLatest) {
  const auto shift = [&](int by, int latest) {
    ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
      std::optional<Digest> last;
      do {
        TRY_ASSIGN(last, tx.reviews().shift(at(by) - at(0), at(latest), last, 2));
      } while (last);
      return {};
    }));
  };
  const auto due_at = [&](std::string_view blob) {
    return read([&](const Snapshot& s) { return s.reviews().due_at(sha256(blob)); }).value();
  };
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.reviews().push_back(sha256("a"), at(1)));
    TRY(tx.reviews().push_back(sha256("b"), at(4)));
    return tx.reviews().push_back(sha256("c"), at(9));
  }));
  shift(10, 15);
  EXPECT_EQ(due_at("a"), at(11));
  EXPECT_EQ(due_at("b"), at(14));
  EXPECT_EQ(due_at("c"), at(15));
  shift(0, 12);
  EXPECT_EQ(due_at("a"), at(11));
  EXPECT_EQ(due_at("b"), at(12));
}

TEST_P(StoreConformance, DroppedReviewIsGone) {
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.reviews().push_back(sha256("a"), at(1)));
    TRY(tx.reviews().push_back(sha256("b"), at(1)));
    TRY(tx.reviews().drop(sha256("a")));
    return tx.reviews().drop(sha256("never there"));
  }));
  ASSERT_OK(read([&](const Snapshot& s) -> Result<void> {
    EXPECT_FALSE(s.reviews().contains(sha256("a")).value());
    EXPECT_FAILS(NotFound, s.reviews().due_at(sha256("a")));
    EXPECT_TRUE(s.reviews().contains(sha256("b")).value());
    EXPECT_EQ(s.reviews().count().value(), 1u);
    return {};
  }));
}

TEST_P(StoreConformance, ManyReviewsAreDroppedAtOnce) {
  std::vector<Digest> dropped;
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    dropped.clear();
    for (int i = 0; i < 50; ++i) {
      const Digest digest = i % 2 == 0 ? sha256(std::to_string(i)) : sha512(std::to_string(i));
      TRY(tx.reviews().push_back(digest, at(1)));
      if (i % 5 != 0) dropped.push_back(digest);
    }
    TRY(tx.reviews().drop_all({}));
    dropped.push_back(sha256("never there"));
    return tx.reviews().drop_all(dropped);
  }));
  ASSERT_OK(read([&](const Snapshot& s) -> Result<void> {
    EXPECT_EQ(s.reviews().count().value(), 10u);
    EXPECT_TRUE(s.reviews().contains(sha256("0")).value());
    EXPECT_TRUE(s.reviews().contains(sha512("5")).value());
    return {};
  }));
}

TEST_P(StoreConformance, ReviewOfAnAliasIsThatOfTheBlob) {
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.blobs().record({sha256("layer"), 5}, sha512("layer"), at(0)));
    return tx.reviews().push_back(sha512("layer"), at(1));
  }));
  ASSERT_OK(read([&](const Snapshot& s) -> Result<void> {
    EXPECT_TRUE(s.reviews().contains(sha256("layer")).value());
    EXPECT_TRUE(s.reviews().contains(sha512("layer")).value());
    EXPECT_EQ(s.reviews().due(at(1), 10)->at(0).digest, sha256("layer"));
    return {};
  }));
}

// What a purged manifest named may never have been a blob, or become one later.
TEST_P(StoreConformance, AnyDigestCanBeReviewedAndDroppedAgain) {
  const auto count = [&] {
    return read([](const Snapshot& s) { return s.reviews().count(); }).value();
  };
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.reviews().push_back(sha512("layer"), at(1)));
    return tx.blobs().record({sha256("layer"), 5}, sha512("layer"), at(2));
  }));
  EXPECT_EQ(count(), 1u);
  ASSERT_OK(write([&](Transaction& tx) { return tx.reviews().drop(sha512("layer")); }));
  EXPECT_EQ(count(), 0u);
}

}  // namespace entrepot::meta::testing
