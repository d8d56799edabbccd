#include <set>

#include "base/mutex.h"
#include "meta/testing/on_threads.h"
#include "meta/testing/store_conformance.h"

namespace entrepot::meta::testing {

namespace {

// Keeps what it heard.
class Ear final : public Listener {
 public:
  void heard(const News& news) noexcept override {
    const MutexLock lock(mutex_);
    entries_.insert(entries_.end(), news.entries.begin(), news.entries.end());
    blobs_.insert(news.blobs.begin(), news.blobs.end());
    manifests_ = manifests_ || news.manifests;
  }

  // Since it was asked last.
  std::set<Digest> blobs() {
    const MutexLock lock(mutex_);
    return std::exchange(blobs_, {});
  }
  bool manifests() {
    const MutexLock lock(mutex_);
    return std::exchange(manifests_, false);
  }
  std::vector<Journal::Entry> entries() {
    const MutexLock lock(mutex_);
    return std::exchange(entries_, {});
  }
  bool has_heard_of(std::string_view actor) {
    const MutexLock lock(mutex_);
    return std::any_of(entries_.begin(), entries_.end(),
                       [&](const Journal::Entry& entry) { return entry.event.actor.id == actor; });
  }

 private:
  Mutex mutex_;
  std::vector<Journal::Entry> entries_ ENTREPOT_GUARDED_BY(mutex_);
  std::set<Digest> blobs_ ENTREPOT_GUARDED_BY(mutex_);
  bool manifests_ ENTREPOT_GUARDED_BY(mutex_) = false;
};

events::Event event_by(std::string actor) {
  return {.kind = events::EventKind::ManifestPushed,
          .at = at(1),
          .actor = {events::ActorKind::User, std::move(actor)},
          .repository = name("app"),
          .digest = sha256("bytes"),
          .tag = tag("v1"),
          .previous = std::nullopt};
}

}  // namespace

TEST_P(StoreConformance, NewsHoldsTheJournalsEntriesAsTheyAreRead) {
  Ear ear;
  store().listen(ear);
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.journal().add(event_by("alice")));
    return tx.journal().add(event_by("bob"));
  }));
  const auto heard = ear.entries();
  const auto kept = read([](const Snapshot& s) { return s.journal().read(0, 10); }).value().entries;
  ASSERT_EQ(heard.size(), 2u);
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(heard[i].sequence, kept[i].sequence);
    EXPECT_EQ(heard[i].event.actor, kept[i].event.actor);
    EXPECT_EQ(heard[i].event.tag, kept[i].event.tag);
  }
  ASSERT_OK(write([](Transaction& tx) { return tx.settings().set("key", "value"); }));
  EXPECT_TRUE(ear.entries().empty());
}

TEST_P(StoreConformance, NewsOfAFailedWorkIsNotTold) {
  Ear ear;
  store().listen(ear);
  const Digest blob = record("layer");
  ear.blobs();
  EXPECT_FAILS(Denied, write([&](Transaction& tx) -> Result<void> {
                 TRY(tx.journal().add(event_by("alice")));
                 TRY(tx.damage().mark_blob(blob, at(1)));
                 return fail(ErrorCode::Denied, "no");
               }));
  EXPECT_TRUE(ear.entries().empty());
  EXPECT_TRUE(ear.blobs().empty());
  EXPECT_FALSE(ear.manifests());
}

// Whoever got an answer finds nobody who has not heard of it; who failed was never told of.
TEST_P(StoreConformance, NewsIsToldBeforeTheAnswerAndOfWhatWasKeptAlone) {
  Ear ear;
  store().listen(ear);
  on_threads(8, [&](int thread) {
    Context own;
    for (int i = 0; i < 30; ++i) {
      const std::string actor = fmt::format("{}-{}", thread, i);
      const bool fails = i % 3 == 0;
      const auto written = store().write(own, [&](Transaction& tx) -> Result<void> {
        TRY(tx.journal().add(event_by(actor)));
        if (fails) return fail(ErrorCode::Conflict, "on purpose");
        return {};
      });
      EXPECT_EQ(written.has_value(), !fails);
      EXPECT_EQ(ear.has_heard_of(actor), !fails) << actor;
    }
  });
}

TEST_P(StoreConformance, NewsTellsOfBlobsByTheirSha256) {
  Ear ear;
  const RepositoryId repo = repository("app");
  store().listen(ear);
  const Digest blob = sha256("layer");
  const Digest alias = sha512("layer");
  const std::set<Digest> expected{blob};
  const auto told = [&](const std::function<Result<void>(Transaction&)>& work) {
    EXPECT_OK(write(work));
    return ear.blobs();
  };
  EXPECT_EQ(told([&](Transaction& tx) {
              return tx.blobs().record({blob, 5}, alias, at(1));
            }),
            expected);
  // Bytes that came anew are news, whatever the row says.
  EXPECT_EQ(told([&](Transaction& tx) {
              return tx.blobs().record({blob, 5}, alias, at(1));
            }),
            expected);
  EXPECT_TRUE(told([&](Transaction& tx) { return tx.blobs().link(repo, alias, at(1)); }).empty());
  EXPECT_EQ(told([&](Transaction& tx) { return tx.reviews().push_back(alias, at(2)); }), expected);
  EXPECT_EQ(told([&](Transaction& tx) { return tx.blobs().unlink(repo, alias); }), expected);
  EXPECT_FALSE(ear.manifests());
  const auto mark = [&](Transaction& tx) -> Result<void> {
    TRY(tx.damage().mark_blob(alias, at(3)));
    return {};
  };
  EXPECT_EQ(told(mark), expected);
  EXPECT_TRUE(ear.manifests());
  EXPECT_EQ(told([&](Transaction& tx) { return tx.damage().clear_blob(alias); }), expected);
  EXPECT_EQ(told([&](Transaction& tx) { return tx.blobs().mark_going(alias); }), expected);
  EXPECT_EQ(told([&](Transaction& tx) { return tx.blobs().forget(alias, at(4)); }), expected);
  EXPECT_FALSE(ear.manifests());
}

TEST_P(StoreConformance, NewsTellsOfManifestsThatAreNotWhatWasRead) {
  Ear ear;
  const RepositoryId repo = repository("app");
  store().listen(ear);
  const NewManifest first = new_manifest(repo, "bytes");
  NewManifest other = first;  // as it is read when another content type is sent with it
  other.media_type = "application/vnd.example";
  other.references = {{sha256("layer"), oci::ReferenceKind::Layer}};
  const auto told = [&](const std::function<Result<void>(Transaction&)>& work) {
    EXPECT_OK(write(work));
    return ear.manifests();
  };
  const auto put = [](const NewManifest& manifest) {
    return [&](Transaction& tx) -> Result<void> {
      TRY(tx.manifests().put(manifest));
      return {};
    };
  };
  EXPECT_FALSE(told(put(first)));
  EXPECT_FALSE(told(put(first)));
  EXPECT_TRUE(told(put(other)));
  EXPECT_TRUE(told([&](Transaction& tx) { return tx.damage().rewrite(first); }));
  EXPECT_TRUE(told([&](Transaction& tx) -> Result<void> {
    TRY(tx.damage().mark_manifest(repo, first.digest, at(1)));
    return {};
  }));
  // Nobody sees it before, nor after: the journal tells of these.
  EXPECT_FALSE(told(
      [&](Transaction& tx) { return tx.manifests().remove(repo, first.digest, at(2), "bob"); }));
  EXPECT_FALSE(told(put(first)));
}

}  // namespace entrepot::meta::testing
