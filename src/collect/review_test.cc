#include "collect/review.h"

#include <gtest/gtest.h>

#include "blob/testing/faulty_store.h"
#include "collect/testing/world.h"
#include "meta/testing/faulty_store.h"

namespace entrepot::collect {
namespace {

using blob::testing::FaultyBlobStore;
using oci::Digest;
using testing::name;
using testing::World;

Verdict review(World& world, const Digest& digest) {
  const auto outcome = world.reviewer.review(world.context, digest, world.terms());
  EXPECT_OK(outcome);
  return outcome ? outcome->verdict : Verdict::Later;
}

TEST(Reviewer, BlobThatNoManifestUsesGoesAfterTheDelayAndNotBefore) {
  World world;
  const auto layer = world.push_blob("a", "layer");
  EXPECT_EQ(review(world, layer), Verdict::Later);
  EXPECT_TRUE(world.has_bytes(layer));

  world.let_the_delay_pass();
  const auto outcome = world.reviewer.review(world.context, layer, world.terms()).value();
  EXPECT_EQ(outcome.verdict, Verdict::Removed);
  EXPECT_EQ(outcome.freed_bytes, 5u);
  EXPECT_FALSE(world.has_bytes(layer));
  EXPECT_FALSE(world.is_linked("a", layer));
  EXPECT_FALSE(world.waits(layer));
}

TEST(Reviewer, UsedBlobStaysAndIsNotLookedAtAgain) {
  World world;
  const auto layer = Digest::of("layer");
  world.push_image("a", "1", "layer");
  ASSERT_OK(world.write(
      [&](meta::Transaction& tx) { return tx.reviews().push_back(layer, world.clock.wall()); }));
  world.let_the_delay_pass();
  EXPECT_EQ(review(world, layer), Verdict::Kept);
  EXPECT_FALSE(world.waits(layer));
  EXPECT_TRUE(world.has_blob("a", layer));
}

TEST(Reviewer, SharedBlobLeavesTheRepositoryThatUsesItNoMore) {
  World world;
  const auto layer = Digest::of("layer");
  const auto deleted = world.push_image("a", "1", "layer");
  world.push_image("b", "1", "layer");
  world.remove_manifest("a", deleted);
  world.let_the_delay_pass();
  EXPECT_EQ(review(world, layer), Verdict::Kept);
  EXPECT_FALSE(world.is_linked("a", layer));
  EXPECT_TRUE(world.has_blob("b", layer));
}

// A push that is between its layers and its manifest: the layer is old, its link here is not.
TEST(Reviewer, YoungLinkIsKeptAndLookedAtAgainWhenItIsOld) {
  World world;
  const auto layer = Digest::of("layer");
  const auto deleted = world.push_image("a", "1", "layer");
  world.push_image("c", "1", "layer");
  world.remove_manifest("a", deleted);
  world.let_the_delay_pass();
  ASSERT_OK(world.uploads.mount(world.context, world.who, name("b"), name("c"), layer));
  world.let_the_delay_pass();
  ASSERT_OK(world.write([&](meta::Transaction& tx) {  // as another delete would queue it
    return tx.blobs().link(world.id_of("b"), layer, world.clock.wall());
  }));
  EXPECT_EQ(review(world, layer), Verdict::Kept);
  EXPECT_FALSE(world.is_linked("a", layer));
  EXPECT_TRUE(world.is_linked("b", layer));
  EXPECT_TRUE(world.waits(layer));

  world.let_the_delay_pass();
  EXPECT_EQ(review(world, layer), Verdict::Kept);
  EXPECT_FALSE(world.is_linked("b", layer));
  EXPECT_FALSE(world.waits(layer));
  EXPECT_TRUE(world.has_blob("c", layer));
}

TEST(Reviewer, WhoAsksForAWaitingBlobPutsItsReviewBack) {
  World world;
  const auto layer = world.push_blob("a", "layer");
  world.let_the_delay_pass();
  ASSERT_TRUE(world.has_blob("a", layer));
  EXPECT_EQ(review(world, layer), Verdict::Later);
  ASSERT_OK(world.push("a", {"1"}, World::image(world.push_blob("a", "{}"), {layer})));
  world.let_the_delay_pass();
  EXPECT_EQ(review(world, layer), Verdict::Later);  // the push took it out of the queue
  EXPECT_TRUE(world.has_blob("a", layer));
}

TEST(Reviewer, MountOfAWaitingBlobPutsItsReviewBack) {
  World world;
  const auto layer = world.push_blob("a", "layer");
  world.let_the_delay_pass();
  ASSERT_OK(world.uploads.mount(world.context, world.who, name("b"), name("a"), layer));
  EXPECT_EQ(review(world, layer), Verdict::Later);
  EXPECT_TRUE(world.has_blob("b", layer));
}

TEST(Reviewer, CollectedBlobCannotBeCountedOnUntilItIsUploadedAgain) {
  World world;
  const auto config = world.push_blob("a", "{}");
  const auto layer = world.push_blob("a", "layer");
  world.let_the_delay_pass();
  ASSERT_EQ(review(world, layer), Verdict::Removed);
  const auto image = World::image(config, {layer});
  EXPECT_FAILS(MissingReference, world.push("a", {"1"}, image));
  EXPECT_FAILS(NotFound,
               world.uploads.mount(world.context, world.who, name("b"), name("a"), layer));
  world.push_blob("a", "layer");
  EXPECT_OK(world.push("a", {"1"}, image));
  EXPECT_TRUE(world.has_blob("a", layer));
}

// The cache answers from memory, also for blobs: what is dropped must leave it.
TEST(Reviewer, DroppedLinkLeavesTheCache) {
  World world;
  const auto deleted = world.push_image("a", "1", "layer");
  world.push_image("b", "1", "layer");
  const auto layer = Digest::of("layer");
  world.remove_manifest("a", deleted);
  world.let_the_delay_pass();
  // As a look that began before the delete would fill it.
  const std::string text = layer.to_string();
  world.cache.fill_blob(
      world.cache.blob_ticket(text), "a",
      std::make_shared<const registry::HotBlob>(registry::HotBlob{text, 5, {}, {}}));
  EXPECT_EQ(review(world, layer), Verdict::Kept);
  EXPECT_FALSE(world.puller.blob_from_memory("a", text));
}

// Sparse manifests: the repository never had the blob, but may get it by a mount.
TEST(Reviewer, BlobThatOnlyASparseManifestNamesIsKept) {
  World world(registry::MissingReferences::Accept);
  const auto config = world.push_blob("sparse", "{}");
  const auto layer = Digest::of("layer");
  ASSERT_OK(world.push("sparse", {"1"}, World::image(config, {layer})));
  const auto deleted = world.push_image("a", "1", "layer");
  world.remove_manifest("a", deleted);
  world.let_the_delay_pass();
  EXPECT_EQ(review(world, layer), Verdict::Kept);
  EXPECT_FALSE(world.is_linked("a", layer));
  ASSERT_OK(world.uploads.mount(world.context, world.who, name("sparse"), std::nullopt, layer));
  EXPECT_TRUE(world.has_blob("sparse", layer));
}

// Directories that lost links, and pushes that are allowed to name what is not there.
TEST(Reviewer, BytesThatALiveManifestNamesStayWithoutALinkOrARow) {
  World world(registry::MissingReferences::Accept);
  const auto config = world.push_blob("sparse", "{}");
  const auto layer = Digest::of("layer");
  ASSERT_OK(world.push("sparse", {"1"}, World::image(config, {layer})));
  world.put_bytes("layer");
  ASSERT_OK(world.write(
      [&](meta::Transaction& tx) { return tx.reviews().push_back(layer, world.clock.wall()); }));
  world.let_the_delay_pass();
  EXPECT_EQ(world.reviewer.foresee(world.context, layer, world.terms())->verdict, Verdict::Kept);
  EXPECT_EQ(review(world, layer), Verdict::Kept);
  EXPECT_TRUE(world.has_bytes(layer));

  world.remove_manifest("sparse", world.pull_digest("sparse", "1"));
  world.let_the_delay_pass();
  EXPECT_EQ(review(world, layer), Verdict::Removed);
  EXPECT_FALSE(world.has_bytes(layer));
}

// A removal that was cut short after the mark, and a manifest that came before the next one.
TEST(Reviewer, BytesThatWereMarkedAsGoingStayWhenAManifestNamesThemSince) {
  World world(registry::MissingReferences::Accept);
  const auto layer = world.push_blob("a", "layer");
  ASSERT_OK(world.write([&](meta::Transaction& tx) -> Result<void> {
    TRY(tx.blobs().unlink(world.id_of("a"), layer));
    return tx.blobs().mark_going(layer);
  }));
  ASSERT_OK(world.push("sparse", {"1"}, World::image(world.push_blob("sparse", "{}"), {layer})));
  world.let_the_delay_pass();
  EXPECT_EQ(review(world, layer), Verdict::Kept);
  EXPECT_TRUE(world.has_bytes(layer));
}

TEST(Reviewer, BlobUsedUnderItsSha512Stays) {
  World world;
  const auto session = world.uploads.begin(name("a"), oci::HashAlgorithm::Sha512);
  auto upload = world.uploads.open(world.context, session).value();
  ASSERT_OK(upload->write(world.context, "layer"));
  const auto alias = Digest::of("layer", oci::HashAlgorithm::Sha512);
  ASSERT_OK(world.uploads.commit(world.context, world.who, session, *upload, alias));
  registry::testing::Sizes::note("layer");
  ASSERT_OK(world.push("a", {"1"}, World::image(world.push_blob("a", "{}"), {alias})));
  ASSERT_OK(world.write([&](meta::Transaction& tx) {
    return tx.reviews().push_back(Digest::of("layer"), world.clock.wall());
  }));
  world.let_the_delay_pass();
  EXPECT_EQ(review(world, Digest::of("layer")), Verdict::Kept);
  EXPECT_TRUE(world.has_blob("a", alias));
}

// In a directory taken over from another registry, manifests are blobs, too.
TEST(Reviewer, FileOfAManifestStaysAsLongAsTheManifest) {
  World world;
  const auto manifest = world.push_image("a", "1", "layer");
  ASSERT_EQ(world.push_blob("a", world.pull("a", "1").value()), manifest);
  world.let_the_delay_pass();
  EXPECT_EQ(review(world, manifest), Verdict::Kept);
  EXPECT_TRUE(world.has_bytes(manifest));

  world.remove_manifest("a", manifest);
  ASSERT_OK(world.write(
      [&](meta::Transaction& tx) { return tx.reviews().push_back(manifest, world.clock.wall()); }));
  EXPECT_EQ(review(world, manifest), Verdict::Removed);
}

TEST(Reviewer, BytesThatNoRowKnowsAreRemoved) {
  World world;
  const auto layer = world.push_blob("a", "layer");
  ASSERT_OK(world.write(
      [&](meta::Transaction& tx) { return tx.blobs().forget(layer, world.clock.wall()); }));
  world.let_the_delay_pass();
  EXPECT_EQ(review(world, layer), Verdict::Removed);
  EXPECT_FALSE(world.has_bytes(layer));
}

TEST(Reviewer, ManyHoldersAreLookedAtInSeveralTransactions) {
  World world;
  const auto layer = world.push_blob("used", "layer");
  for (int i = 0; i < 600; ++i) {
    ASSERT_OK(world.uploads.mount(world.context, world.who, name(fmt::format("r{}", i)),
                                  name("used"), layer));
  }
  ASSERT_OK(world.push("used", {"1"}, World::image(world.push_blob("used", "{}"), {layer})));
  ASSERT_OK(world.write(
      [&](meta::Transaction& tx) { return tx.reviews().push_back(layer, world.clock.wall()); }));
  world.let_the_delay_pass();
  EXPECT_EQ(review(world, layer), Verdict::Kept);
  EXPECT_FALSE(world.is_linked("r0", layer));
  EXPECT_FALSE(world.is_linked("r599", layer));
  EXPECT_TRUE(world.has_blob("used", layer));
}

TEST(Reviewer, ForeseeingSaysTheSameAndChangesNothing) {
  World world;
  const auto unused = world.push_blob("a", "unused");
  const auto used = Digest::of("layer");
  world.push_image("a", "1", "layer");
  ASSERT_OK(world.write(
      [&](meta::Transaction& tx) { return tx.reviews().push_back(used, world.clock.wall()); }));
  const auto foresee = [&](const Digest& digest) {
    return world.reviewer.foresee(world.context, digest, world.terms()).value();
  };
  EXPECT_EQ(foresee(unused).verdict, Verdict::Later);
  world.let_the_delay_pass();
  EXPECT_EQ(foresee(unused).verdict, Verdict::Removed);
  EXPECT_EQ(foresee(unused).freed_bytes, 6u);
  EXPECT_EQ(foresee(used).verdict, Verdict::Kept);
  EXPECT_TRUE(world.waits(unused));
  EXPECT_TRUE(world.waits(used));
  EXPECT_TRUE(world.has_blob("a", unused));
}

// --- Cut short at every step ---------------------------------------------------------------------

// Runs reviews of one shared, one used and one unused blob until a step fails, as a crash there
// would; then what must hold at any time is looked at, and a later pass finishes the work.
class CutShort {
 public:
  CutShort() : shared_(Digest::of("shared")), unused_(Digest::of("unused")) {
    const auto first = world_.push_image("a", "1", "shared");
    const auto second = world_.push_image("a", "2", "unused");
    kept_ = world_.push_image("b", "1", "shared");
    world_.remove_manifest("a", first);
    world_.remove_manifest("a", second);
    world_.let_the_delay_pass();
  }

  FaultyBlobStore& blobs() { return blobs_; }
  meta::testing::FaultyStore& meta() { return meta_; }

  // True when nothing failed.
  bool run() {
    Reviewer reviewer({blobs_, meta_, world_.cache, world_.locks, world_.clock});
    for (const Digest& digest : {unused_, shared_}) {
      if (!reviewer.review(world_.context, digest, world_.terms())) return false;
    }
    return true;
  }

  void expect_whole() {
    EXPECT_TRUE(world_.is_linked("b", shared_));
    EXPECT_TRUE(world_.has_bytes(shared_));
    EXPECT_OK(world_.pull("b", kept_.to_string()));
    // A blob that a repository has can be read; one that cannot be read is nobody's.
    if (!world_.has_bytes(unused_)) {
      EXPECT_FALSE(world_.is_linked("a", unused_));
    }
    // What is not done is not forgotten.
    if (world_.has_bytes(unused_)) {
      EXPECT_TRUE(world_.waits(unused_));
    }
  }

  void expect_done_by_the_next_pass() {
    review(world_, unused_);
    review(world_, shared_);
    EXPECT_FALSE(world_.has_bytes(unused_));
    EXPECT_FALSE(world_.waits(unused_));
    EXPECT_FALSE(world_.waits(shared_));
    EXPECT_FALSE(world_.is_linked("a", shared_));
    EXPECT_TRUE(world_.has_blob("b", shared_));
  }

  // Instead of the next pass: a client uploads the blob again.
  void expect_upload_heals() {
    world_.push_blob("a", "unused");
    EXPECT_TRUE(world_.has_blob("a", unused_));
    EXPECT_EQ(review(world_, unused_), Verdict::Later);
    EXPECT_TRUE(world_.has_blob("a", unused_));
  }

 private:
  World world_;
  FaultyBlobStore blobs_{world_.blobs};
  meta::testing::FaultyStore meta_{world_.metadata->store()};
  const Digest shared_;
  const Digest unused_;
  Digest kept_ = shared_;
};

// `arm` lets the n-th step fail, `reached` tells whether it came so far. Twice over: once the next
// pass follows, once an upload.
template <class Arm, class Reached>
void cut_short_everywhere(const Arm& arm, const Reached& reached) {
  int n = 0;
  for (bool more = true; more;) {
    SCOPED_TRACE(++n);
    CutShort passes;
    arm(passes, n);
    const bool went_well = passes.run();
    more = reached(passes, n);
    EXPECT_TRUE(more || went_well);
    passes.expect_whole();
    passes.expect_done_by_the_next_pass();
    CutShort uploads;
    arm(uploads, n);
    uploads.run();
    uploads.expect_whole();
    uploads.expect_upload_heals();
  }
  EXPECT_GT(n, 2);
}

TEST(Reviewer, CallOfTheBlobStoreThatFailsLosesNothing) {
  for (const auto when : {FaultyBlobStore::When::Before, FaultyBlobStore::When::After}) {
    cut_short_everywhere(
        [&](CutShort& cut, int n) {
          cut.blobs().fail_call(static_cast<std::size_t>(n), ErrorCode::Unavailable, when);
        },
        [](CutShort& cut, int n) { return cut.blobs().calls() >= static_cast<std::size_t>(n); });
  }
}

TEST(Reviewer, WriteThatFailsLosesNothing) {
  cut_short_everywhere([](CutShort& cut, int n) { cut.meta().fail_write(n); },
                       [](CutShort& cut, int) { return cut.meta().write_failed(); });
}

TEST(Reviewer, WriteWhoseAnswerIsLostLosesNothing) {
  cut_short_everywhere([](CutShort& cut, int n) { cut.meta().lose_answer_of_write(n); },
                       [](CutShort& cut, int) { return cut.meta().write_failed(); });
}

}  // namespace
}  // namespace entrepot::collect
