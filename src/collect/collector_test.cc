#include "collect/collector.h"

#include <gtest/gtest.h>

#include "blob/testing/faulty_store.h"
#include "collect/testing/world.h"

namespace entrepot::collect {
namespace {

using blob::testing::FaultyBlobStore;
using oci::Digest;
using testing::name;
using testing::World;

class CollectorTest : public ::testing::Test {
 protected:
  CollectorTest() : faulty_(world_.blobs) {
    options_.reviews_per_step = 4;
    make_collector();
  }

  void make_collector() {
    registry::Stores stores{faulty_, world_.metadata->store(), world_.cache, world_.locks,
                            world_.clock};
    collector_ = std::make_unique<Collector>(stores, world_.uploads, world_.remover, options_,
                                             world_.metrics);
  }

  // Steps until nothing more is due.
  Progress run_due() {
    Progress sum;
    Collector::Step step;
    do {
      auto next = collector_->run_due(world_.context);
      EXPECT_OK(next);
      if (!next) break;
      step = *next;
      sum.reviewed += step.done.reviewed;
      sum.removed += step.done.removed;
      sum.freed_bytes += step.done.freed_bytes;
      sum.failed += step.done.failed;
      sum.left = step.done.left;
    } while (step.more);
    return sum;
  }

  Progress run(const Request& request) {
    return collector_
        ->run(world_.context, request, [](const Progress&) -> Result<void> { return {}; })
        .value();
  }

  bool metric_is(const std::string& line) {
    return world_.metrics.to_text().find("\n" + line + "\n") != std::string::npos;
  }

  World world_;
  FaultyBlobStore faulty_;
  Collector::Options options_;
  std::unique_ptr<Collector> collector_;
};

TEST_F(CollectorTest, DeletedImageFreesTheDiskAfterTheDelay) {
  const auto deleted = world_.push_image("a", "1", "layer of ten");
  const auto kept = world_.push_image("a", "2", "another");
  world_.remove_manifest("a", deleted);
  EXPECT_EQ(run_due().reviewed, 0u);
  world_.let_the_delay_pass();
  const Progress done = run_due();
  EXPECT_EQ(done.removed, 1u);
  EXPECT_EQ(done.freed_bytes, 12u);
  EXPECT_EQ(done.left, 0u);
  EXPECT_FALSE(world_.has_bytes(Digest::of("layer of ten")));
  EXPECT_OK(world_.pull("a", kept.to_string()));
  EXPECT_TRUE(world_.has_blob("a", Digest::of("{}")));
  EXPECT_TRUE(metric_is("entrepot_collector_removed_total 1"));
  EXPECT_TRUE(metric_is("entrepot_collector_freed_bytes_total 12"));
  EXPECT_TRUE(metric_is("entrepot_collector_queue_length 0"));
}

TEST_F(CollectorTest, StepIsSmallAndTellsThatThereIsMore) {
  for (int i = 0; i < 6; ++i) world_.push_blob("a", std::to_string(i));
  world_.let_the_delay_pass();
  const auto first = collector_->run_due(world_.context).value();
  EXPECT_EQ(first.done.reviewed, 4u);
  EXPECT_EQ(first.done.left, 2u);
  EXPECT_TRUE(first.more);
  const auto second = collector_->run_due(world_.context).value();
  EXPECT_EQ(second.done.reviewed, 2u);
  EXPECT_FALSE(second.more);
}

TEST_F(CollectorTest, BlobThatFailsIsPutBackAndTheOthersGoOn) {
  options_.sweep_interval = std::chrono::hours(1000);
  options_.purge_uploads = false;
  make_collector();
  run_due();  // the sweep asks the store, too
  for (int i = 0; i < 3; ++i) world_.push_blob("a", std::to_string(i));
  world_.let_the_delay_pass();
  faulty_.fail_call(2, ErrorCode::Unavailable);  // a stat, then this removal
  const Progress done = run_due();
  EXPECT_EQ(done.failed, 1u);
  EXPECT_EQ(done.removed, 2u);
  EXPECT_EQ(done.left, 1u);
  EXPECT_EQ(run_due().reviewed, 0u) << "not again at once";
  world_.clock.advance(std::chrono::hours(1) + std::chrono::seconds(1));
  EXPECT_EQ(run_due().removed, 1u);
}

TEST_F(CollectorTest, PausedCollectorDoesNothingUntilItMayGoOn) {
  world_.push_blob("a", "unused");
  world_.let_the_delay_pass();
  ASSERT_OK(collector_->pause(world_.context, true));
  make_collector();  // it holds over a restart
  EXPECT_EQ(run_due().reviewed, 0u);
  EXPECT_TRUE(metric_is("entrepot_collector_paused 1"));
  ASSERT_OK(collector_->pause(world_.context, false));
  EXPECT_EQ(run_due().removed, 1u);
  EXPECT_TRUE(metric_is("entrepot_collector_paused 0"));
}

TEST_F(CollectorTest, RequestMayShortenTheDelayAndWorksWhilePaused) {
  for (int i = 0; i < 10; ++i) world_.push_blob("a", std::to_string(i));
  ASSERT_OK(collector_->pause(world_.context, true));
  EXPECT_EQ(run({.delay = std::chrono::hours(1)}).removed, 0u);
  world_.clock.advance(std::chrono::hours(2));
  const Progress done = run({.delay = std::chrono::hours(1)});
  EXPECT_EQ(done.removed, 10u);
  EXPECT_EQ(done.left, 0u);
}

TEST_F(CollectorTest, RequestNeverLengthensTheDelay) {
  world_.push_blob("a", "unused");
  world_.let_the_delay_pass();
  EXPECT_EQ(run({.delay = std::chrono::hours(1000)}).removed, 1u);
}

TEST_F(CollectorTest, DryRunTellsWhatWouldGoAndChangesNothing) {
  world_.push_image("a", "1", "used");
  const auto unused = world_.push_blob("a", "unused");
  const Progress done = run({.delay = std::chrono::seconds(0), .dry_run = true});
  EXPECT_EQ(done.removed, 1u);
  EXPECT_EQ(done.freed_bytes, 6u);
  EXPECT_TRUE(world_.has_blob("a", unused));
}

TEST_F(CollectorTest, UntaggedManifestsAndTheirBlobsGoInOneRequest) {
  world_.push_image("a", "1", "replaced");
  world_.push_image("a", "1", "now");
  world_.clock.advance(std::chrono::seconds(1));
  const Progress done = run({.delay = std::chrono::seconds(0), .delete_untagged = true});
  EXPECT_EQ(done.untagged, 1u);
  EXPECT_EQ(done.removed, 1u);
  EXPECT_FALSE(world_.has_bytes(Digest::of("replaced")));
  EXPECT_TRUE(world_.has_blob("a", Digest::of("now")));
}

// Only the rows of the deleted manifest are left of it until then.
TEST_F(CollectorTest, DeletedManifestIsForgottenAfterTheDelay) {
  const auto deleted = world_.push_image("a", "1", "layer");
  world_.remove_manifest("a", deleted);
  const auto was_deleted = [&] {
    return world_
        .look([&](const meta::Snapshot& s) {
          return s.manifests().was_deleted(s.repositories().find(name("a"))->id, deleted);
        })
        .value();
  };
  run_due();
  EXPECT_TRUE(was_deleted());
  world_.let_the_delay_pass();
  run_due();
  EXPECT_FALSE(was_deleted());
}

TEST_F(CollectorTest, FileOfAnAdoptedManifestGoesWithIt) {
  const auto manifest = world_.push_image("a", "1", "layer");
  world_.push_blob("a", world_.pull("a", "1").value());
  world_.let_the_delay_pass();
  run_due();
  EXPECT_TRUE(world_.has_bytes(manifest));
  world_.remove_manifest("a", manifest);
  world_.let_the_delay_pass();
  run_due();
  EXPECT_TRUE(world_.has_bytes(manifest)) << "waits as all do, from when nothing uses it";
  world_.let_the_delay_pass();
  run_due();
  EXPECT_FALSE(world_.has_bytes(manifest));
}

TEST_F(CollectorTest, StraysAreSweptUpBitByBit) {
  options_.blobs_per_sweep = 2;
  make_collector();
  for (int i = 0; i < 5; ++i) {
    const auto digest = world_.push_blob("a", std::to_string(i));
    ASSERT_OK(world_.write([&](meta::Transaction& tx) -> Result<void> {
      TRY(tx.blobs().forget(digest, world_.clock.wall()));
      return tx.reviews().drop(digest);
    }));
  }
  for (int i = 0; i < 3; ++i) run_due();
  EXPECT_TRUE(metric_is("entrepot_collector_strays_total 5"));
  world_.let_the_delay_pass();
  EXPECT_EQ(run_due().removed, 5u);
}

TEST_F(CollectorTest, AbandonedUploadsAreDropped) {
  const auto session = world_.uploads.begin(name("a"), oci::HashAlgorithm::Sha256);
  {
    auto upload = world_.uploads.open(world_.context, session).value();
    ASSERT_OK(upload->write(world_.context, "half a layer"));
    ASSERT_OK(upload->pause(world_.context));
  }
  run_due();
  EXPECT_EQ(world_.blobs.upload_offset(world_.context, session.id).value(), 12u);
  world_.clock.advance(std::chrono::hours(169));
  run_due();
  EXPECT_FAILS(NotFound, world_.blobs.upload_offset(world_.context, session.id));
}

TEST_F(CollectorTest, EndsWhenItIsCancelledOrTheCallerSaysSo) {
  for (int i = 0; i < 10; ++i) world_.push_blob("a", std::to_string(i));
  world_.let_the_delay_pass();
  int steps = 0;
  EXPECT_FAILS(Cancelled, collector_->run(world_.context, {}, [&](const Progress&) -> Result<void> {
    if (++steps < 2) return {};
    return fail(ErrorCode::Cancelled, "enough");
  }));
  Context cancelled;
  cancelled.cancel();
  EXPECT_FAILS(Cancelled, collector_->run_due(cancelled));
  EXPECT_LT(run_due().removed, 10u);
}

}  // namespace
}  // namespace entrepot::collect
