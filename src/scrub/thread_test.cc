#include "scrub/thread.h"

#include <gtest/gtest.h>

#include "registry/testing/world.h"

namespace entrepot::scrub {
namespace {

using oci::Digest;
using registry::testing::World;
using namespace std::chrono_literals;

class ScrubThreadTest : public ::testing::Test {
 protected:
  std::unique_ptr<ScrubThread> start(bool enabled = true) {
    ScrubThread::Options options;
    options.enabled = enabled;
    options.pace = {1h, 1 << 30};
    options.settle = 0ms;
    options.job_poll = 1ms;
    options.holder = "test";
    return std::make_unique<ScrubThread>(stores_, world_.quarantine, options, metrics_);
  }
  double metric(const std::string& name) const {
    const std::string text = metrics_.to_text();
    const auto at = text.find("\n" + name + " ");
    return at == text.npos ? -1 : std::stod(text.substr(at + name.size() + 2));
  }
  template <class Condition>
  static bool eventually(const Condition& condition) {
    for (int i = 0; i < 6000; ++i) {
      if (condition()) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }
  Result<std::string> setting(const char* key) {
    return world_.stores.meta.view<std::string>(
        world_.context, [&](const meta::Snapshot& s) { return s.settings().get(key); });
  }

  World world_;
  const registry::Stores stores_{world_.blobs, world_.stores.meta, world_.cache, world_.locks,
                                 Clock::system()};
  metrics::Registry metrics_;
};

TEST_F(ScrubThreadTest, FindsDamageAndTellsWhenAllIsVerified) {
  world_.push_image("app", "v1", "layer");
  world_.blobs.damage(Digest::of("layer"), "lAyer");
  const auto thread = start();
  EXPECT_TRUE(eventually([&] { return metric("entrepot_scrub_last_timestamp_seconds") > 0; }));
  EXPECT_FALSE(world_.has_blob("app", Digest::of("layer")));
  EXPECT_EQ(metric("entrepot_scrub_fits"), 1);
}

// The pass that was done counts after a restart, and the next one waits for its time.
TEST_F(ScrubThreadTest, FinishedPassIsNotDoneAgainAfterARestart) {
  world_.push_image("app", "v1", "layer");
  auto thread = start();
  ASSERT_TRUE(eventually([&] { return metric("entrepot_scrub_last_timestamp_seconds") > 0; }));
  thread.reset();
  const double read = metric("entrepot_scrub_bytes_total");
  const std::string place = setting("scrub.place").value();
  thread = start();
  std::this_thread::sleep_for(50ms);
  thread.reset();
  EXPECT_EQ(metric("entrepot_scrub_bytes_total"), read);
  EXPECT_EQ(setting("scrub.place").value(), place);
  EXPECT_GT(metric("entrepot_scrub_last_timestamp_seconds"), 0);
}

TEST_F(ScrubThreadTest, DoesJobsEvenWhenItIsSwitchedOff) {
  world_.push_image("app", "v1", "layer");
  world_.blobs.damage(Digest::of("layer"), "lAyer");
  const auto thread = start(/*enabled=*/false);
  const auto queued =
      world_.stores.meta.transact<meta::Job>(world_.context, [&](meta::Transaction& tx) {
        return tx.jobs().enqueue(kJobKind, to_json(Request{}), world_.clock.wall());
      });
  ASSERT_OK(queued);
  meta::Job job;
  ASSERT_TRUE(eventually([&] {
    job = world_.stores.meta
              .view<meta::Job>(world_.context,
                               [&](const meta::Snapshot& s) { return s.jobs().find(queued->id); })
              .value();
    return job.state == "done";
  }));
  EXPECT_EQ(parse_report(job.progress)->left, 1u);
  EXPECT_EQ(parse_report(job.progress)->losses.size(), 1u);
  EXPECT_EQ(metric("entrepot_scrub_last_timestamp_seconds"), 0);
}

}  // namespace
}  // namespace entrepot::scrub
