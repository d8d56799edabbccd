#include "scrub/scrub.h"

#include <gtest/gtest.h>

#include "jobs/testing/world.h"
#include "registry/testing/world.h"

namespace entrepot::scrub {
namespace {

using jobs::testing::eventually;
using oci::Digest;
using registry::testing::World;
using namespace std::chrono_literals;

class ScrubTest : public ::testing::Test {
 protected:
  // The scrub, and what runs it.
  struct Running {
    Running(const registry::Stores& stores, registry::Quarantine& quarantine,
            const Scrub::Options& options, metrics::Registry& metrics)
        : scrub(stores, quarantine, options, metrics),
          runner(stores.meta, stores.clock, jobs::testing::quick_options("server", /*sole=*/true),
                 {scrub.kind()}) {}
    Scrub scrub;
    jobs::Runner runner;
  };
  std::unique_ptr<Running> start(bool enabled = true) {
    Scrub::Options options;
    options.enabled = enabled;
    options.pace = {1h, 1 << 30};
    options.settle = 0ms;
    return std::make_unique<Running>(stores_, world_.quarantine, options, metrics_);
  }
  double metric(const std::string& name) const {
    const std::string text = metrics_.to_text();
    const auto at = text.find("\n" + name + " ");
    return at == text.npos ? -1 : std::stod(text.substr(at + name.size() + 2));
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

TEST_F(ScrubTest, FindsDamageAndTellsWhenAllIsVerified) {
  world_.push_image("app", "v1", "layer");
  world_.blobs.damage(Digest::of("layer"), "lAyer");
  const auto thread = start();
  EXPECT_TRUE(eventually([&] { return metric("entrepot_scrub_last_timestamp_seconds") > 0; }));
  EXPECT_FALSE(world_.has_blob("app", Digest::of("layer")));
  EXPECT_EQ(metric("entrepot_scrub_fits"), 1);
}

// The pass that was done counts after a restart, and the next one waits for its time.
TEST_F(ScrubTest, FinishedPassIsNotDoneAgainAfterARestart) {
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

TEST_F(ScrubTest, DoesJobsEvenWhenItIsSwitchedOff) {
  world_.push_image("app", "v1", "layer");
  world_.blobs.damage(Digest::of("layer"), "lAyer");
  const auto thread = start(/*enabled=*/false);
  meta::Store& meta = world_.stores.meta;
  const auto id = jobs::testing::enqueue(meta, kJobKind, to_json(Request{}));
  ASSERT_TRUE(jobs::testing::ends(meta, id));
  const meta::Job job = jobs::testing::find_job(meta, id);
  EXPECT_EQ(job.state, "done");
  EXPECT_EQ(parse_report(job.progress)->left, 1u);
  EXPECT_EQ(parse_report(job.progress)->losses.size(), 1u);
  EXPECT_EQ(metric("entrepot_scrub_last_timestamp_seconds"), 0);
}

}  // namespace
}  // namespace entrepot::scrub
