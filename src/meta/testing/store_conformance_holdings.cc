#include "meta/testing/store_conformance.h"

namespace entrepot::meta::testing {

// One look tells of each digest what the single questions tell, in the order of the list.
TEST_P(StoreConformance, HoldingsTellWhatARepositoryHasAndHadOfAList) {
  const RepositoryId repo = repository("app");
  const RepositoryId other = repository("other");
  const Digest held = record("held");
  const Digest lost = record("lost");
  const Digest others = record("others");
  const Digest manifest = put(repo, "manifest", {});
  const Digest deleted = put(repo, "deleted", {});
  const Digest both = put(repo, "both", {});
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.blobs().record({held, 4}, sha512("held"), at(0)));
    TRY(tx.blobs().link(repo, held, at(0)));
    TRY(tx.reviews().push_back(held, at(9)));
    TRY(tx.blobs().link(repo, lost, at(0)));
    TRY(tx.blobs().unlink(repo, lost));
    TRY(tx.blobs().link(other, others, at(0)));
    TRY(tx.blobs().record({both, 4}, std::nullopt, at(0)));
    TRY(tx.blobs().link(repo, both, at(0)));
    return tx.manifests().remove(repo, deleted, at(1), "bob");
  }));
  const auto holdings = read([&](const Snapshot& s) {
                          return s.holdings().of(repo, {manifest, held, sha512("held"), lost,
                                                        others, deleted, sha256("never"), both});
                        }).value();
  ASSERT_EQ(holdings.size(), 8u);
  EXPECT_TRUE(holdings[0].manifest);
  EXPECT_FALSE(holdings[0].blob);
  for (const std::size_t i : {1U, 2U}) {
    ASSERT_TRUE(holdings[i].blob) << i;
    EXPECT_EQ(holdings[i].blob->digest, held);
    EXPECT_EQ(holdings[i].blob->size_bytes, 4u);
    EXPECT_TRUE(holdings[i].waits_for_review);
    EXPECT_FALSE(holdings[i].lost_blob);
  }
  EXPECT_FALSE(holdings[3].blob);
  EXPECT_TRUE(holdings[3].lost_blob);
  EXPECT_TRUE(holdings[5].lost_manifest);
  EXPECT_FALSE(holdings[5].manifest);
  EXPECT_TRUE(holdings[7].blob);
  EXPECT_FALSE(holdings[7].manifest);
  for (const std::size_t i : {4U, 6U}) {
    EXPECT_FALSE(holdings[i].blob || holdings[i].manifest || holdings[i].lost_blob ||
                 holdings[i].lost_manifest || holdings[i].waits_for_review)
        << i;
  }
}

// Whatever takes something away is noticed by who looked before; what only adds is not.
TEST_P(StoreConformance, EveryLossIsCounted) {
  const RepositoryId repo = repository("app");
  const Digest blob = record("blob");
  const auto losses = [&] {
    return read([](const Snapshot& s) { return s.holdings().losses(); }).value();
  };
  const auto changes = [&](auto&& work) {
    const std::uint64_t before = losses();
    EXPECT_OK(write(work));
    return losses() != before;
  };
  EXPECT_FALSE(changes([&](Transaction& tx) { return tx.blobs().link(repo, blob, at(0)); }));
  EXPECT_TRUE(changes([&](Transaction& tx) { return tx.blobs().unlink(repo, blob); }));
  EXPECT_FALSE(changes([&](Transaction& tx) { return tx.blobs().link(repo, blob, at(1)); }));
  EXPECT_TRUE(changes([&](Transaction& tx) { return tx.blobs().mark_going(blob); }));
  EXPECT_TRUE(changes([&](Transaction& tx) { return tx.blobs().forget(blob, at(2)); }));
  const Digest damaged = record("damaged");
  EXPECT_TRUE(changes([&](Transaction& tx) { return tx.damage().mark_blob(damaged, at(2)); }));
  const Digest manifest = put(repo, "manifest", {});
  EXPECT_TRUE(
      changes([&](Transaction& tx) { return tx.damage().mark_manifest(repo, manifest, at(2)); }));
  EXPECT_TRUE(changes(
      [&](Transaction& tx) { return tx.manifests().remove(repo, manifest, at(1), "bob"); }));
}

}  // namespace entrepot::meta::testing
