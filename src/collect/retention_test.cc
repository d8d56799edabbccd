#include "collect/retention.h"

#include <gtest/gtest.h>

#include "collect/testing/world.h"

namespace entrepot::collect {
namespace {

using std::chrono::hours;
using testing::name;
using testing::World;

constexpr hours kDay{24};

class RetentionTest : public ::testing::Test {
 protected:
  // Steps until nothing is left to do.
  void work() {
    for (;;) {
      const auto more = retention_.step(world_.context);
      ASSERT_OK(more);
      if (!*more) return;
    }
  }
  // As a server does from time to time, so that what passes is no jump.
  void pass(std::chrono::microseconds time) {
    world_.clock.advance(time);
    work();
  }
  bool lists_tags(const std::string& repository) {
    return world_.puller.tags(world_.context, name(repository), "", 10).has_value();
  }
  std::vector<std::string> catalog() {
    return world_.puller.repositories(world_.context, "", 10).value().names;
  }
  std::int64_t gauge(const char* metric) { return metrics_.gauge(metric, "").value(); }
  std::size_t moves(const std::string& repository, const char* tag_text) {
    return world_
        .look([&](const meta::Snapshot& s) {
          return s.tags().history(world_.id_of(repository), testing::tag(tag_text), 1000);
        })
        .value()
        .size();
  }

  World world_;
  metrics::Registry metrics_;
  Collector collector_{world_.stores, world_.uploads, world_.remover, {}, world_.metrics};
  Retention retention_{world_.stores, world_.uploads, {}, metrics_};
};

TEST_F(RetentionTest, EmptiedRepositoryIsThereForADay) {
  const auto image = world_.push_image("app", "v1", "layer");
  world_.push_image("other", "v1", "layer");
  work();
  world_.remove_manifest("app", image);
  EXPECT_EQ(catalog(), std::vector<std::string>{"other"});
  pass(kDay - hours(1));
  EXPECT_TRUE(lists_tags("app"));
  pass(hours(2));
  ASSERT_OK(collector_.run(world_.context, {}, [](const Progress&) { return Result<void>(); }));
  pass(hours(1));
  EXPECT_FALSE(lists_tags("app"));
  EXPECT_TRUE(lists_tags("other"));
  world_.push_image("app", "v1", "layer");
  EXPECT_TRUE(lists_tags("app"));
}

TEST_F(RetentionTest, ClockThatJumpsEndsNothing) {
  const auto image = world_.push_image("app", "v1", "layer");
  const std::string bytes = world_.pull("app", "v1").value();
  for (int i = 0; i < 110; ++i) ASSERT_OK(world_.push("app", {"v1"}, bytes));
  work();
  world_.remove_manifest("app", image);
  world_.clock.jump(10 * 365 * kDay);
  pass(hours(1));
  EXPECT_TRUE(lists_tags("app"));
  EXPECT_EQ(moves("app", "v1"), 112u);
}

TEST_F(RetentionTest, TagKeepsAHundredMovesAfterAYear) {
  world_.push_image("app", "v1", "layer");
  const std::string bytes = world_.pull("app", "v1").value();
  for (int i = 0; i < 120; ++i) ASSERT_OK(world_.push("app", {"v1"}, bytes));
  pass(364 * kDay);
  EXPECT_EQ(moves("app", "v1"), 121u);
  pass(2 * kDay);
  EXPECT_EQ(moves("app", "v1"), 100u);
}

// Until then who still uses it is told that it ended.
TEST_F(RetentionTest, TokenStaysFor90DaysAfterItsEnd) {
  ASSERT_OK(world_.write([&](meta::Transaction& tx) -> Result<void> {
    meta::NewAccount bob;
    bob.name = "bob";
    meta::NewSecret token;
    TRY_ASSIGN(const auto made, tx.accounts().create(bob));
    token.account = made.id;
    token.kind = meta::SecretKind::AccessToken;
    token.fingerprint = "fingerprint";
    token.expires_at = world_.clock.wall() + kDay;
    TRY(tx.secrets().add(token));
    return {};
  }));
  const auto is_kept = [&] {
    const auto found = world_.metadata->store().view<meta::Secret>(
        world_.context, [](const meta::Snapshot& s) { return s.secrets().find("fingerprint"); });
    return found.has_value();
  };
  pass(90 * kDay);
  EXPECT_TRUE(is_kept());
  pass(2 * kDay);
  EXPECT_FALSE(is_kept());
}

TEST_F(RetentionTest, GaugesTellHowMuchThereIs) {
  const auto image = world_.push_image("app", "v1", "layer");
  world_.push_blob("empty", "blob");
  work();
  EXPECT_EQ(gauge("entrepot_repositories"), 1);
  EXPECT_EQ(gauge("entrepot_repositories_empty"), 1);
  EXPECT_EQ(gauge("entrepot_journal_entries"), 3);  // the push, and two new repositories
  EXPECT_EQ(gauge("entrepot_uploads_ended"), 3);
  EXPECT_EQ(gauge("entrepot_dropped_links"), 0);
  world_.remove_manifest("app", image);
  pass(kDay + hours(1));
  ASSERT_OK(collector_.run(world_.context, {}, [](const Progress&) { return Result<void>(); }));
  pass(hours(1));
  EXPECT_EQ(gauge("entrepot_repositories"), 0);
  EXPECT_EQ(gauge("entrepot_dropped_links"), 3);
  pass(8 * kDay);
  pass(hours(1));
  EXPECT_EQ(gauge("entrepot_dropped_links"), 0);
  EXPECT_EQ(gauge("entrepot_uploads_ended"), 0);
  EXPECT_EQ(gauge("entrepot_repositories_empty"), 0);
}

}  // namespace
}  // namespace entrepot::collect
