#include "collect/thread.h"

#include <gtest/gtest.h>

#include "collect/testing/world.h"

namespace entrepot::collect {
namespace {

using testing::World;

// The thread's own waiting is real time, so these are short; what it collects goes by the world's
// clock.
class CollectorThreadTest : public ::testing::Test {
 protected:
  CollectorThreadTest()
      : collector_(world_.stores, world_.uploads, world_.remover, {}, world_.metrics) {}

  std::unique_ptr<CollectorThread> start(const std::string& holder = "this process",
                                         bool enabled = true) {
    CollectorThread::Options options;
    options.enabled = enabled;
    options.interval = std::chrono::hours(1);
    options.pause = std::chrono::milliseconds(0);
    options.job_poll = std::chrono::milliseconds(2);
    options.holder = holder;
    return std::make_unique<CollectorThread>(collector_, world_.metadata->store(), world_.clock,
                                             options);
  }

  std::int64_t enqueue(ByteView arguments) {
    Context context;
    return world_.metadata->store()
        .transact<meta::Job>(context,
                             [&](meta::Transaction& tx) {
                               return tx.jobs().enqueue(kJobKind, arguments, world_.clock.wall());
                             })
        .value()
        .id;
  }

  meta::Job job(std::int64_t id) {
    Context context;
    return world_.metadata->store()
        .view<meta::Job>(context, [&](const meta::Snapshot& s) { return s.jobs().find(id); })
        .value();
  }

  // Waits until it holds; false after ten seconds.
  template <class Condition>
  static bool eventually(const Condition& condition) {
    for (int i = 0; i < 2000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return false;
  }

  bool ends(std::int64_t id) {
    return eventually([&] { return job(id).finished_at.has_value(); });
  }

  World world_;
  Collector collector_;
};

TEST_F(CollectorThreadTest, CollectsWhatIsDueWhenItBeginsAndAtEachInterval) {
  const auto first = world_.push_blob("a", "first");
  world_.let_the_delay_pass();
  const auto thread = start();
  EXPECT_TRUE(eventually([&] { return !world_.has_bytes(first); }));
  const auto second = world_.push_blob("a", "second");
  world_.let_the_delay_pass();
  EXPECT_TRUE(eventually([&] { return !world_.has_bytes(second); }));
}

TEST_F(CollectorThreadTest, JobIsDoneAndToldItsProgressEvenWhenCollectingIsOff) {
  const auto unused = world_.push_blob("a", "unused");
  const auto thread = start("this process", false);
  const auto id = enqueue(to_json(Request{.delay = std::chrono::seconds(0)}));
  ASSERT_TRUE(ends(id));
  EXPECT_EQ(job(id).state, "done");
  EXPECT_EQ(parse_progress(job(id).progress)->removed, 1u);
  EXPECT_FALSE(world_.has_bytes(unused));
}

TEST_F(CollectorThreadTest, JobThatMakesNoSenseFailsAndTheNextOneIsDone) {
  const auto thread = start();
  const auto senseless = enqueue("all of it");
  const auto sensible = enqueue("{}");
  ASSERT_TRUE(ends(sensible));
  ASSERT_TRUE(ends(senseless));
  EXPECT_EQ(job(senseless).state, "failed");
  EXPECT_EQ(job(sensible).state, "done");
}

TEST_F(CollectorThreadTest, JobThatAnotherProcessLeftRunningIsEnded) {
  const auto id = enqueue("{}");
  ASSERT_OK(world_.write([&](meta::Transaction& tx) -> Result<void> {
    TRY(tx.jobs().claim(kJobKind, world_.clock.wall()));
    return {};
  }));
  const auto thread = start();
  ASSERT_TRUE(ends(id));
  EXPECT_EQ(job(id).state, "failed");
}

TEST_F(CollectorThreadTest, WaitsWhileAnotherProcessHoldsTheLease) {
  const auto unused = world_.push_blob("a", "unused");
  world_.let_the_delay_pass();
  const auto now = world_.clock.wall();
  ASSERT_OK(world_.write([&](meta::Transaction& tx) {
    return tx.jobs().lease(kJobKind, "another process", now, now + std::chrono::seconds(60));
  }));
  const auto thread = start();
  const auto id = enqueue("{}");
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(job(id).state, "queued");
  EXPECT_TRUE(world_.has_bytes(unused));
  world_.clock.advance(std::chrono::minutes(2));  // it went without giving the lease back
  ASSERT_TRUE(ends(id));
  EXPECT_FALSE(world_.has_bytes(unused));
}

TEST_F(CollectorThreadTest, EndsAtOnceAndGivesTheLeaseBack) {
  const auto begin = std::chrono::steady_clock::now();
  start("one").reset();
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(5));
  const auto now = world_.clock.wall();
  EXPECT_OK(world_.write([&](meta::Transaction& tx) {
    return tx.jobs().lease(kJobKind, "two", now, now + std::chrono::seconds(60));
  }));
}

}  // namespace
}  // namespace entrepot::collect
