#include "meta/testing/store_conformance.h"

namespace entrepot::meta::testing {

namespace {

using Seen = std::pair<std::uint64_t, std::optional<WallTime>>;

Seen seen(const PullCount& count) { return {count.times, count.last_at}; }

}  // namespace

TEST_P(StoreConformance, PullsAddUp) {
  const RepositoryId repo = repository("app");
  const Digest one = put(repo, "one");
  const Digest two = put(repo, "two");
  const auto of = [&](const Digest& digest) {
    return seen(read([&](const Snapshot& s) { return s.pulls().of(repo, digest); }).value());
  };
  const auto of_all = [&] {
    return seen(read([&](const Snapshot& s) { return s.pulls().of(repo); }).value());
  };
  EXPECT_EQ(of(one), Seen(0, std::nullopt));
  EXPECT_EQ(of_all(), Seen(0, std::nullopt));
  const auto note = [&](const Digest& digest, std::uint64_t times, int second) {
    const PullNote notes[] = {{name("app"), digest, times, at(second)}};
    ASSERT_OK(write([&](Transaction& tx) { return tx.pulls().note(notes); }));
  };
  note(one, 2, 5);
  note(two, 1, 9);
  note(one, 40, 3);  // an older one, told later
  EXPECT_EQ(of(one), Seen(42, at(5)));
  EXPECT_EQ(of(two), Seen(1, at(9)));
  EXPECT_EQ(of_all(), Seen(43, at(9)));
}

TEST_P(StoreConformance, PullsOfWhatIsNotThereArePassedOver) {
  const RepositoryId repo = repository("app");
  const Digest one = put(repo, "one");
  const Digest gone = put(repo, "gone");
  ASSERT_OK(write([&](Transaction& tx) { return tx.manifests().remove(repo, gone, at(1), ""); }));
  const PullNote notes[] = {{name("app"), gone, 5, at(2)},
                            {name("app"), Digest::of("never"), 5, at(2)},
                            {name("other"), one, 5, at(2)},
                            {name("app"), one, 1, at(2)}};
  ASSERT_OK(write([&](Transaction& tx) { return tx.pulls().note(notes); }));
  EXPECT_EQ(seen(read([&](const Snapshot& s) { return s.pulls().of(repo); }).value()),
            Seen(1, at(2)));
}

// Whoever pulls an image for one platform gets the index, and then the manifest for that.
TEST_P(StoreConformance, WhatAnIndexListsIsPulledWithIt) {
  const RepositoryId repo = repository("app");
  const Digest child = put(repo, "child");
  NewManifest index = new_manifest(repo, "index");
  index.references = {{child, oci::ReferenceKind::Child}};
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.manifests().put(index));
    return {};
  }));
  const PullNote notes[] = {{name("app"), index.digest, 1, at(2)}, {name("app"), child, 1, at(3)}};
  ASSERT_OK(write([&](Transaction& tx) { return tx.pulls().note(notes); }));
  EXPECT_EQ(seen(read([&](const Snapshot& s) { return s.pulls().of(repo); }).value()),
            Seen(1, at(2)));
}

// A repository that is purged takes its counts along.
TEST_P(StoreConformance, PullsGoWithTheirManifest) {
  const RepositoryId repo = repository("app");
  const Digest one = put(repo, "one");
  const PullNote notes[] = {{name("app"), one, 1, at(2)}};
  ASSERT_OK(write([&](Transaction& tx) { return tx.pulls().note(notes); }));
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.manifests().remove(repo, one, at(3), ""));
    TRY(tx.manifests().purge_removed(at(4), 10));
    return {};
  }));
  EXPECT_EQ(put(repo, "one"), one);
  EXPECT_EQ(seen(read([&](const Snapshot& s) { return s.pulls().of(repo, one); }).value()),
            Seen(0, std::nullopt));
}

}  // namespace entrepot::meta::testing
