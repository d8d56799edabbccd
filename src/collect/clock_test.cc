// What the clock does, and what is taken all the same: only what nobody needed for a whole delay.

#include <gtest/gtest.h>

#include "collect/collector.h"
#include "collect/testing/world.h"

namespace entrepot::collect {
namespace {

using oci::Digest;
using std::chrono::hours;
using std::chrono::microseconds;
using std::chrono::minutes;
using testing::name;
using testing::World;

constexpr hours kYear{24 * 365};

// What one process has of its own; the stores are the world's.
class Process {
 public:
  explicit Process(World& world, const Collector::Options& options = {})
      : world_(world),
        stores_{world.blobs, world.metadata->store(), world.cache, world.locks, world.clock},
        quarantine_(stores_, metrics_),
        puller_(stores_, quarantine_, options.delay),
        pusher_(stores_, registry::MissingReferences::Refuse),
        remover_(stores_, options.delay),
        uploads_(stores_, quarantine_, {.review_delay = options.delay}, metrics_),
        collector_(stores_, uploads_, remover_, options, metrics_) {}

  Digest push_blob(const std::string& repository, const std::string& bytes) {
    const auto session = uploads_.begin(name(repository), oci::HashAlgorithm::Sha256);
    auto upload = uploads_.open(world_.context, session).value();
    EXPECT_OK(upload->write(world_.context, bytes));
    EXPECT_OK(uploads_.commit(world_.context, world_.who, session, *upload, Digest::of(bytes)));
    registry::testing::Sizes::note(bytes);
    return Digest::of(bytes);
  }
  void mount(const std::string& repository, const Digest& digest) {
    EXPECT_OK(uploads_.mount(world_.context, world_.who, name(repository), std::nullopt, digest));
  }
  // As a client that asks before it pushes.
  void head(const std::string& repository, const Digest& digest) {
    const auto blob = puller_.blob(world_.context, name(repository), digest);
    ASSERT_OK(blob);
    if (!blob->review_is_near) return;
    ASSERT_OK(puller_.keep_from_review(world_.context, name(repository), digest));
  }
  Digest push_manifest(const std::string& repository, const Digest& layer) {
    const auto bytes = World::image(push_blob(repository, "{}"), {layer});
    const auto pushed = pusher_.push(world_.context, world_.who, name(repository), {}, bytes, "");
    EXPECT_OK(pushed);
    return pushed->digest;
  }
  void remove_manifest(const std::string& repository, const Digest& digest) {
    ASSERT_OK(remover_.manifest(world_.context, world_.who, name(repository), digest));
  }

  std::uint64_t collect() {
    std::uint64_t removed = 0;
    for (bool more = true; more;) {
      const auto step = collector_.run_due(world_.context);
      EXPECT_OK(step);
      removed += step->done.removed;
      more = step->more;
    }
    return removed;
  }
  Collector& collector() { return collector_; }

 private:
  World& world_;
  const registry::Stores stores_;
  metrics::Registry metrics_;
  registry::Quarantine quarantine_;
  registry::Puller puller_;
  registry::Pusher pusher_;
  registry::Remover remover_;
  registry::Uploads uploads_;
  Collector collector_;
};

class CollectorClock : public ::testing::Test {
 protected:
  void restart() {
    process_.reset();
    process_ = std::make_unique<Process>(world_, options_);
  }
  void restart_with_delay(microseconds delay) {
    options_.delay = delay;
    restart();
  }
  void jump(microseconds by) { world_.clock.jump(by); }
  void pass(microseconds time) { world_.clock.advance(time); }
  Process& server() { return *process_; }

  // Nothing but `digest` waits: it stays until a whole delay has passed, and goes then.
  void expect_whole_delay(const Digest& digest) {
    pass(options_.delay - minutes(1));
    EXPECT_EQ(server().collect(), 0u);
    EXPECT_TRUE(world_.has_bytes(digest));
    pass(minutes(2));
    EXPECT_EQ(server().collect(), 1u);
    EXPECT_FALSE(world_.has_bytes(digest));
  }

  World world_;
  Collector::Options options_;
  std::unique_ptr<Process> process_ = std::make_unique<Process>(world_, options_);
};

constexpr microseconds kJumps[] = {10 * kYear, -10 * kYear, hours(2),
                                   hours(-2),  minutes(59), minutes(-59)};

// Nobody but the one who pushes sees the clock there.
TEST_F(CollectorClock, ThereAndBackBetweenTwoLooksIsNoTime) {
  for (const microseconds by : kJumps) {
    SCOPED_TRACE(by.count());
    server().collect();
    jump(by);
    const auto digest = server().push_blob("a", "layer");
    jump(-by);
    EXPECT_EQ(server().collect(), 0u);
    expect_whole_delay(digest);
  }
}

TEST_F(CollectorClock, JumpIsNoTimeForWhatWaits) {
  for (const microseconds by : kJumps) {
    SCOPED_TRACE(by.count());
    const auto digest = server().push_blob("a", "layer");
    server().collect();
    jump(by);
    EXPECT_EQ(server().collect(), 0u);
    expect_whole_delay(digest);
  }
}

TEST_F(CollectorClock, WhoAsksMountsOrPushesAgainMakesItWaitAnew) {
  const auto digest = server().push_blob("a", "layer");
  const std::function<void()> ways[] = {[&] { server().head("a", digest); },
                                        [&] { server().mount("b", digest); },
                                        [&] { server().push_blob("a", "layer"); }};
  for (const auto& way : ways) {
    for (const microseconds by : kJumps) {
      SCOPED_TRACE(by.count());
      pass(options_.delay - minutes(1));
      jump(by);
      way();
      jump(-by);
      pass(minutes(2));
      EXPECT_EQ(server().collect(), 0u);
    }
  }
  server().push_blob("a", "layer");
  expect_whole_delay(digest);
}

TEST_F(CollectorClock, LayerOfADeletedImageWaitsADelay) {
  const auto layer = server().push_blob("a", "layer");
  const auto image = server().push_manifest("a", layer);
  server().push_manifest("a", server().push_blob("a", "another"));
  pass(2 * options_.delay);
  server().collect();
  jump(-10 * kYear);
  server().remove_manifest("a", image);
  jump(10 * kYear);
  expect_whole_delay(layer);
}

// A job is longer than a look.
TEST_F(CollectorClock, JumpDuringAJobTakesNothingThatCameSince) {
  options_.reviews_per_step = 1;
  restart();
  for (int i = 0; i < 3; ++i) server().push_blob("a", std::to_string(i));
  pass(options_.delay + minutes(1));
  std::optional<Digest> pushed;
  const auto after_step = [&](const Progress& progress) -> Result<void> {
    if (progress.removed == 1) {
      jump(-10 * kYear);
      pushed = server().push_blob("a", "layer");
    }
    return {};
  };
  const auto done = server().collector().run(world_.context, {}, after_step);
  ASSERT_OK(done);
  EXPECT_EQ(done->removed, 3u);
  ASSERT_TRUE(pushed);
  expect_whole_delay(*pushed);
}

// Jobs go by the same queue.
TEST_F(CollectorClock, JobTakesEarlyOnlyWhatItWasToldTo) {
  const auto job = [&](const Request& request) {
    return server()
        .collector()
        .run(world_.context, request, [](const Progress&) -> Result<void> { return {}; })
        ->removed;
  };
  server().push_blob("a", "layer");
  server().collect();
  jump(kYear);
  EXPECT_EQ(job({}), 0u);
  restart();
  jump(kYear);
  EXPECT_EQ(job({}), 0u);
  EXPECT_EQ(job({.delay = std::chrono::seconds(0)}), 1u) << "asked for in so many words";
}

TEST_F(CollectorClock, UntaggedManifestIsAsYoungAsItIs) {
  server().collect();
  jump(-10 * kYear);
  server().push_manifest("a", server().push_blob("a", "layer"));
  jump(10 * kYear);
  const auto untagged = [&] {
    return server()
        .collector()
        .run(world_.context, {.delay = {}, .delete_untagged = true},
             [](const Progress&) -> Result<void> { return {}; })
        ->untagged;
  };
  jump(10 * kYear);
  EXPECT_EQ(untagged(), 0u);
  restart();
  EXPECT_EQ(untagged(), 0u);
  pass(options_.delay + minutes(1));
  EXPECT_EQ(untagged(), 1u);
}

TEST_F(CollectorClock, JumpBetweenTwoProcessesIsNoTime) {
  for (const microseconds by : {10 * kYear, -10 * kYear}) {
    SCOPED_TRACE(by.count());
    server().collect();
    const auto digest = server().push_blob("a", "layer");
    pass(hours(5));
    jump(by);
    restart();
    EXPECT_EQ(server().collect(), 0u);
    pass(options_.delay - hours(5) - hours(1));
    EXPECT_EQ(server().collect(), 0u);
    EXPECT_TRUE(world_.has_bytes(digest));
    pass(hours(7));
    EXPECT_EQ(server().collect(), 1u);
  }
}

// What comes before the first look of a process, and what was asked for then.
TEST_F(CollectorClock, WhatComesBeforeTheFirstLookWaitsADelay) {
  for (const microseconds by : {10 * kYear, -10 * kYear}) {
    SCOPED_TRACE(by.count());
    server().collect();
    const auto waits = server().push_blob("a", "waits");
    pass(options_.delay - minutes(1));
    jump(by);
    restart();
    server().head("a", waits);
    const auto pushed = server().push_blob("a", "pushed");
    pass(options_.delay - minutes(1));
    EXPECT_EQ(server().collect(), 0u);
    EXPECT_TRUE(world_.has_bytes(waits));
    EXPECT_TRUE(world_.has_bytes(pushed));
    pass(options_.delay + minutes(1));
    EXPECT_EQ(server().collect(), 2u);
  }
}

TEST_F(CollectorClock, ShortDelayIsNotLostInWhatIsNoJumpForALongOne) {
  restart_with_delay(hours(1));
  server().collect();
  const auto digest = server().push_blob("a", "layer");
  jump(minutes(59));
  restart();
  server().collect();
  pass(minutes(5));
  EXPECT_EQ(server().collect(), 0u);
  EXPECT_TRUE(world_.has_bytes(digest));
}

TEST_F(CollectorClock, TimeWithoutAServerDoesNotCount) {
  server().push_blob("a", "layer");
  server().collect();
  for (int day = 0; day < 2; ++day) {
    pass(hours(9));
    EXPECT_EQ(server().collect(), 0u);
    pass(hours(15));
    restart();
    EXPECT_EQ(server().collect(), 0u);
  }
  pass(hours(9));
  EXPECT_EQ(server().collect(), 1u) << "after three days of nine hours each";
}

// But for that with one whose collector is paused, or works on request alone.
TEST_F(CollectorClock, TimeWithAServerThatOnlyLooksCounts) {
  server().collect();
  const auto digest = server().push_blob("a", "layer");
  ASSERT_OK(server().collector().pause(world_.context, true));
  for (int hour = 0; hour < 25; ++hour) {
    pass(hours(1));
    EXPECT_EQ(server().collect(), 0u);
  }
  restart();
  ASSERT_OK(server().collector().pause(world_.context, false));
  EXPECT_EQ(server().collect(), 1u);
  EXPECT_FALSE(world_.has_bytes(digest));
}

// The link is young, whatever its stamp looks like in the next process; so a review that comes for
// another repository's sake waits.
TEST_F(CollectorClock, LinkOfTheProcessBeforeIsNotDroppedForItsStamp) {
  const auto layer = server().push_blob("a", "layer");
  const auto deleted = server().push_manifest("a", layer);
  server().push_manifest("c", server().push_blob("c", "layer"));
  server().remove_manifest("a", deleted);
  server().collect();
  pass(options_.delay - minutes(5));
  server().collect();
  server().push_blob("b", "layer");
  for (const microseconds by : {10 * kYear, -20 * kYear}) {
    SCOPED_TRACE(by.count());
    jump(by);
    restart();
    server().collect();
    pass(minutes(10));
    server().collect();
    EXPECT_TRUE(world_.is_linked("b", layer));
  }
}

}  // namespace
}  // namespace entrepot::collect
