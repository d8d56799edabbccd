// The promise that everything else here serves: whatever happens at the same time, no manifest that
// was acknowledged lacks a blob.

#include <atomic>
#include <functional>
#include <thread>

#include <gtest/gtest.h>

#include "base/testing/temporary_directory.h"
#include "blob/fs/store.h"
#include "blob/fs/testing/faulty_disk.h"
#include "collect/testing/world.h"

namespace entrepot::collect {
namespace {

using oci::Digest;
using oci::RepositoryName;
using registry::testing::name;

constexpr int kRounds = 2000;
constexpr int kLayers = 3;  // so few that everybody is always after the same ones

// Real files, real metadata, and a delay of nothing: a blob may be collected as soon as nobody
// refers to it.
class Arena {
 public:
  Arena()
      : metadata_(meta::sqlite::testing::open_temporary()),
        blobs_(blob::fs::FsBlobStore::open(
                   {.directory = directory_.path(), .reserve_bytes = 0, .disk = &disk_})
                   .value()),
        cache_({}, metrics_),
        stores_{*blobs_, metadata_->store(), cache_, locks_, Clock::system()},
        quarantine_(stores_, metrics_),
        puller_(stores_, quarantine_, kNoDelay),
        pusher_(stores_, registry::MissingReferences::Refuse),
        uploads_(stores_, quarantine_, {.review_delay = kNoDelay}, metrics_),
        remover_(stores_, kNoDelay),
        collector_(stores_, uploads_, remover_, {.delay = kNoDelay}, metrics_) {
    metadata_->store().listen(cache_);
  }

  static std::string layer(int number) { return std::string(300, static_cast<char>('a' + number)); }

  Digest upload(Context& context, const RepositoryName& repository, const std::string& bytes) {
    const auto session = uploads_.begin(repository, oci::HashAlgorithm::Sha256);
    auto upload = uploads_.open(context, session).value();
    EXPECT_OK(upload->write(context, bytes));
    const auto digest = Digest::of(bytes);
    registry::testing::Sizes::note(bytes);
    EXPECT_OK(uploads_.commit(context, who_, session, *upload, digest));
    return digest;
  }

  // One client: gets the layers into its repository in one of three ways, then pushes a manifest
  // that names them. When that is acknowledged, everything must be there, until it deletes it.
  void play(int player) {
    Context context;
    const auto repository = name(fmt::format("player{}", player));
    for (int round = 0; round < kRounds / kPlayers; ++round) {
      const auto config = upload(context, repository, "{}");
      const std::string bytes = layer((round + player) % kLayers);
      const Digest digest = Digest::of(bytes);
      if (!get_hold_of(context, repository, bytes, (round * 7 + player) % 3)) continue;
      const auto manifest = registry::testing::World::image(config, {digest}, /*subject=*/"");
      const auto pushed = pusher_.push(context, who_, repository, {}, manifest, "");
      if (!pushed) {
        EXPECT_EQ(pushed.error().code, ErrorCode::MissingReference) << pushed.error().message;
        ++refused_;
        continue;
      }
      ++acknowledged_;
      expect_whole(context, repository, digest, bytes);
      expect_whole(context, repository, config, "{}");
      EXPECT_OK(remover_.manifest(context, who_, repository, pushed->digest));
      (void)remover_.blob(context, who_, repository, digest);  // unless it was collected by now
    }
  }

  // By HEAD, by a mount from anywhere, or by an upload. The first two may find nothing.
  bool get_hold_of(Context& context, const RepositoryName& repository, const std::string& bytes,
                   int way) {
    const Digest digest = Digest::of(bytes);
    if (way == 0 && puller_.blob(context, repository, digest) &&
        puller_.keep_from_review(context, repository, digest)) {
      return true;
    }
    if (way == 1 && uploads_.mount(context, who_, repository, std::nullopt, digest)) return true;
    upload(context, repository, bytes);
    return true;
  }

  void expect_whole(Context& context, const RepositoryName& repository, const Digest& digest,
                    const std::string& bytes) {
    auto blob = puller_.blob(context, repository, digest);
    ASSERT_OK(blob);
    EXPECT_EQ(read_all(context, blob->bytes, 1000).value(), bytes);
  }

  void collect_until(const std::atomic<bool>& over) {
    Context context;
    while (!over) {
      const auto step = collector_.run_due(context);
      ASSERT_OK(step);
      removed_ += static_cast<int>(step->done.removed);
      EXPECT_EQ(step->done.failed, 0u);
    }
  }

  // Afterwards nobody refers to anything.
  void expect_empty_disk() {
    Context context;
    while (collector_.run_due(context)->more) {
    }
    ASSERT_OK(collector_.run(context, {.delay = std::chrono::seconds(0)},
                             [](const Progress&) -> Result<void> { return {}; }));
    EXPECT_OK(blobs_->list(context, std::nullopt, [](const blob::Stored& stored) {
      ADD_FAILURE() << stored.digest.to_string() << " is left";
      return true;
    }));
  }

  static constexpr int kPlayers = 4;
  std::atomic<int> acknowledged_ = 0;
  std::atomic<int> refused_ = 0;
  std::atomic<int> removed_ = 0;

 private:
  static constexpr std::chrono::microseconds kNoDelay{0};

  entrepot::testing::TemporaryDirectory directory_;
  std::unique_ptr<meta::sqlite::testing::TemporaryStore> metadata_;
  blob::fs::testing::FaultyDisk disk_{directory_.path()};  // syncs nothing, for speed
  std::unique_ptr<blob::fs::FsBlobStore> blobs_;
  metrics::Registry metrics_;
  registry::HotCache cache_;
  registry::DigestLocks locks_;
  registry::Stores stores_;
  registry::Quarantine quarantine_;
  registry::Puller puller_;
  registry::Pusher pusher_;
  registry::Uploads uploads_;
  registry::Remover remover_;
  Collector collector_;
  const access::Subject who_ = access::Subject::anonymous();
};

TEST(Race, CollectingAgainstPushMountAndHeadOfTheSameDigestLosesNothing) {
  Arena arena;
  std::atomic<bool> over = false;
  std::thread collector([&] { arena.collect_until(over); });
  std::vector<std::thread> players;
  players.reserve(Arena::kPlayers);
  for (int player = 0; player < Arena::kPlayers; ++player) {
    players.emplace_back([&arena, player] { arena.play(player); });
  }
  for (auto& player : players) player.join();
  over = true;
  collector.join();

  RecordProperty("acknowledged", arena.acknowledged_);
  RecordProperty("refused", arena.refused_);
  RecordProperty("removed", arena.removed_);
  // The race was one: the collector took blobs away between the steps of pushes.
  EXPECT_GT(arena.acknowledged_, kRounds / 10);
  EXPECT_GT(arena.removed_, kRounds / 10);
  EXPECT_GT(arena.refused_, 0);
  arena.expect_empty_disk();
}

// The same without luck: before the n-th call of a review, somebody else gets in between.
class InterruptedStore final : public meta::Store {
 public:
  InterruptedStore(meta::Store& inner, int nth, std::function<void()> between)
      : inner_(inner), calls_left_(nth), between_(std::move(between)) {}

  Result<void> write(Context& context, const Work& work) override {
    if (--calls_left_ == 0) between_();
    return inner_.write(context, work);
  }
  Result<void> read(Context& context, const Look& look) override {
    if (--calls_left_ == 0) between_();
    return inner_.read(context, look);
  }
  void listen(meta::Listener& listener) override { inner_.listen(listener); }
  meta::Backup* backups() override { return inner_.backups(); }
  Result<void> check_writable(Context& context) override { return inner_.check_writable(context); }

  bool was_interrupted() const { return calls_left_ <= 0; }

 private:
  meta::Store& inner_;
  int calls_left_;
  const std::function<void()> between_;
};

// Gets hold of "layer" without uploading it; false when it cannot be had.
using GetHold = std::function<bool(testing::World&)>;

// A review of a blob that repository "a" links (or that nobody does) and no manifest names, due by
// now whatever somebody puts back.
void interrupt_at_every_call(bool linked, const GetHold& get_hold) {
  const Digest layer = Digest::of("layer");
  for (int n = 1;; ++n) {
    SCOPED_TRACE(n);
    testing::World world;
    world.push_blob("a", "layer");
    const auto config = world.push_blob("b", "{}");
    if (!linked) {
      ASSERT_OK(world.remover.blob(world.context, world.who, name("a"), layer));
    }
    const auto now = world.clock.wall();
    const auto later = now + std::chrono::hours(1000);
    const Terms terms{now, later, later, {}};

    bool acknowledged = false;
    InterruptedStore store(world.metadata->store(), n, [&] {
      if (!get_hold(world)) return;
      acknowledged = world.push("b", {"1"}, testing::World::image(config, {layer})).has_value();
    });
    Reviewer reviewer({world.blobs, store, world.cache, world.locks, world.clock});
    ASSERT_OK(reviewer.review(world.context, layer, terms));
    if (!store.was_interrupted()) {
      EXPECT_GT(n, 2);
      return;
    }
    EXPECT_EQ(acknowledged, world.has_blob("b", layer));
    EXPECT_EQ(acknowledged, world.has_bytes(layer));
  }
}

TEST(Race, MountAndPushBetweenAnyTwoStepsOfAReview) {
  for (const bool linked : {true, false}) {
    interrupt_at_every_call(linked, [](testing::World& world) {
      return world.uploads
          .mount(world.context, world.who, name("b"), std::nullopt, Digest::of("layer"))
          .has_value();
    });
  }
}

}  // namespace
}  // namespace entrepot::collect
