#include "collect/kinds.h"

#include <gtest/gtest.h>

#include "collect/testing/world.h"
#include "jobs/testing/world.h"

namespace entrepot::collect {
namespace {

using jobs::testing::ends;
using jobs::testing::enqueue;
using jobs::testing::eventually;
using jobs::testing::find_job;
using testing::World;

// The runner's own waiting is real time; what is collected goes by the world's clock.
class CollectorKindTest : public ::testing::Test {
 protected:
  CollectorKindTest()
      : collector_(world_.stores, world_.uploads, world_.remover, {}, world_.metrics) {}

  std::unique_ptr<jobs::Runner> start(bool enabled = true) {
    const CollectorRounds rounds{.enabled = enabled,
                                 .interval = std::chrono::hours(1),
                                 .pause = std::chrono::milliseconds(0)};
    return std::make_unique<jobs::Runner>(meta(), world_.clock,
                                          jobs::testing::quick_options("server", /*sole=*/true),
                                          std::vector{collector_kind(collector_, rounds)});
  }

  meta::Store& meta() { return world_.metadata->store(); }
  Progress progress_of(std::int64_t id) {
    return parse_progress(find_job(meta(), id).progress).value();
  }

  World world_;
  Collector collector_;
};

TEST_F(CollectorKindTest, CollectsWhatIsDueWhenItBeginsAndAtEachInterval) {
  const auto first = world_.push_blob("a", "first");
  world_.let_the_delay_pass();
  const auto runner = start();
  EXPECT_TRUE(eventually([&] { return !world_.has_bytes(first); }));
  const auto second = world_.push_blob("a", "second");
  // The next interval begins when the first round has ended, which nobody sees from here.
  EXPECT_TRUE(eventually([&] {
    world_.let_the_delay_pass();
    return !world_.has_bytes(second);
  }));
}

TEST_F(CollectorKindTest, JobIsDoneAndToldItsProgressEvenWhenCollectingIsOff) {
  const auto unused = world_.push_blob("a", "unused");
  const auto runner = start(/*enabled=*/false);
  const auto id = enqueue(meta(), kJobKind, to_json(Request{.delay = std::chrono::seconds(0)}));
  ASSERT_TRUE(ends(meta(), id));
  EXPECT_EQ(find_job(meta(), id).state, "done");
  EXPECT_EQ(progress_of(id).removed, 1u);
  EXPECT_FALSE(world_.has_bytes(unused));
}

TEST_F(CollectorKindTest, JobThatMakesNoSenseFailsAndTheNextOneIsDone) {
  const auto runner = start();
  const auto senseless = enqueue(meta(), kJobKind, "all of it");
  const auto sensible = enqueue(meta(), kJobKind, "{}");
  ASSERT_TRUE(ends(meta(), sensible));
  ASSERT_TRUE(ends(meta(), senseless));
  EXPECT_EQ(find_job(meta(), senseless).state, "failed");
  EXPECT_EQ(find_job(meta(), sensible).state, "done");
}

// The one that was killed had removed two.
TEST_F(CollectorKindTest, JobThatAKilledServerLeftIsCountedOn) {
  world_.push_blob("a", "unused");
  const auto id = enqueue(meta(), kJobKind, to_json(Request{.delay = std::chrono::seconds(0)}));
  ASSERT_OK(world_.write([&](meta::Transaction& tx) -> Result<void> {
    TRY(tx.jobs().claim(kJobKind, "killed"));
    TRY(tx.jobs().progress(id, "killed", to_json(Progress{.reviewed = 3, .removed = 2})));
    return {};
  }));
  const auto runner = start();
  ASSERT_TRUE(ends(meta(), id));
  EXPECT_EQ(find_job(meta(), id).state, "done");
  EXPECT_EQ(progress_of(id).removed, 3u);
  EXPECT_EQ(progress_of(id).reviewed, 4u);
}

}  // namespace
}  // namespace entrepot::collect
