#include "registry/push.h"

#include <functional>
#include <utility>

#include <gtest/gtest.h>

#include "blob/testing/faulty_store.h"
#include "registry/testing/world.h"

namespace entrepot::registry {
namespace {

using oci::Digest;
using testing::name;
using testing::tag;
using testing::World;

TEST(Pusher, PushedManifestIsPulledByTagAndDigestWithItsExactBytes) {
  World world;
  const auto bytes =
      World::image(world.push_blob("a/b", "{}"), {world.push_blob("a/b", "layer")}) + "\n ";
  const auto pushed = world.push("a/b", {"1", "1.2"}, bytes);
  ASSERT_OK(pushed);
  EXPECT_EQ(pushed->digest, Digest::of(bytes));
  for (const std::string& reference :
       {std::string("1"), std::string("1.2"), pushed->digest.to_string()}) {
    EXPECT_EQ(world.pull("a/b", reference).value(), bytes);
  }
  EXPECT_FAILS(NotFound, world.pull("a/b", "2"));
  EXPECT_FAILS(NotFound, world.pull("a", "1"));
}

// Manifests are metadata, which could fill what a full disk keeps for deletes.
TEST(Pusher, RefusesWhileTheLastRoomIsKeptForDeletes) {
  World world;
  const auto bytes = World::image(world.push_blob("a", "{}"), {});
  blob::testing::FaultyBlobStore full(world.blobs);
  full.fail_call(1, ErrorCode::StorageFull);
  Pusher pusher({full, world.stores.meta, world.cache, world.locks, world.clock},
                MissingReferences::Refuse);
  const ManifestTarget target{std::nullopt, {tag("1")}};
  EXPECT_FAILS(StorageFull, pusher.push(world.context, world.who, name("a"), target, bytes, ""));
  EXPECT_FAILS(NotFound, world.pull("a", "1"));
  EXPECT_OK(pusher.push(world.context, world.who, name("a"), target, bytes, ""));
}

TEST(Pusher, RefusesAManifestWhoseBlobIsNotInTheRepositoryAndStoresNothing) {
  World world;
  const auto config = world.push_blob("a", "{}");
  const auto elsewhere = world.push_blob("b", "layer");
  const auto refused = world.push("a", {"1"}, World::image(config, {elsewhere}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::MissingReference);
  EXPECT_NE(refused.error().message.find(elsewhere.to_string()), std::string::npos);
  EXPECT_FAILS(NotFound, world.pull("a", "1"));
}

TEST(Pusher, AcceptsWhatNeverWasWhenToldToButNotWhatWasLost) {
  World world(MissingReferences::Accept);
  const auto config = world.push_blob("a", "{}");
  ASSERT_OK(world.push("a", {"sparse"}, World::image(config, {Digest::of("never seen")})));

  const auto lost = world.push_blob("a", "lost");
  ASSERT_OK(world.remover.blob(world.context, world.who, name("a"), lost));
  EXPECT_FAILS(MissingReference, world.push("a", {"1"}, World::image(config, {lost})));
}

// A descriptor's size is part of what it names: pulls that go by it would find the blob damaged.
TEST(Pusher, SizesMustBeThoseOfWhatIsThere) {
  World world;
  const auto layer = world.push_blob("a", "layer");
  const auto config = world.push_blob("a", "{}");
  std::string image = World::image(config, {layer});
  const auto right = image.find(R"("size":5)");
  ASSERT_NE(right, std::string::npos);
  std::string wrong = image;
  wrong[right + 7] = '6';
  const auto refused = world.push("a", {"v1"}, wrong);
  ASSERT_FAILS(InvalidArgument, refused);
  EXPECT_NE(refused.error().message.find("5 bytes here, not 6"), std::string::npos)
      << refused.error().message;
  EXPECT_FAILS(NotFound, world.pull("a", "v1"));
  const auto child = world.push("a", {"v1"}, image).value().digest;
  for (const std::string& named : {child.to_string(), layer.to_string()}) {
    const auto index = [&](std::size_t size) {
      return fmt::format(
          R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{{"mediaType":"{}","digest":"{}","size":{}}}]}})",
          oci::media_type::kOciIndex, oci::media_type::kOciManifest, named, size);
    };
    EXPECT_FAILS(InvalidArgument, world.push("a", {}, index(1)));
    EXPECT_OK(world.push("a", {}, index(testing::Sizes::of(named))));
  }
}

TEST(Pusher, ChildrenOfAnIndexNeedNotExistUnlessTheyWereDeleted) {
  World world;
  const auto index = [](const Digest& child) {
    return fmt::format(
        R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{{"mediaType":"{}","digest":"{}","size":{}}}]}})",
        oci::media_type::kOciIndex, oci::media_type::kOciManifest, child.to_string(),
        testing::Sizes::of(child.to_string()));
  };
  ASSERT_OK(world.push("a", {"multi"}, index(Digest::of("elsewhere"))));

  const auto child = world.push_image("a", "child", "layer");
  ASSERT_OK(world.remover.manifest(world.context, world.who, name("a"), child));
  EXPECT_FAILS(MissingReference, world.push("a", {"multi"}, index(child)));
}

// What was looked up before the transaction counts only as long as nothing was taken away.
TEST(Pusher, WhatGoesBetweenTheLookAndTheTransactionIsMissing) {
  class LosesFirst final : public meta::Store {
   public:
    LosesFirst(meta::Store& inner, std::function<void()> lose)
        : inner_(inner), lose_(std::move(lose)) {}
    Result<void> write(Context& context, const Work& work) override {
      if (lose_) std::exchange(lose_, nullptr)();
      return inner_.write(context, work);
    }
    Result<void> read(Context& context, const Look& look) override {
      return inner_.read(context, look);
    }
    void listen(meta::Listener& listener) override { inner_.listen(listener); }
    meta::Backup* backups() override { return inner_.backups(); }
    Result<void> check_writable(Context& context) override {
      return inner_.check_writable(context);
    }

   private:
    meta::Store& inner_;
    std::function<void()> lose_;
  };
  World world;
  const auto config = world.push_blob("a", "{}");
  const auto layer = world.push_blob("a", "layer");
  const auto bytes = World::image(config, {layer});
  const auto push_after = [&](std::function<void()> lose) {
    LosesFirst meta(world.stores.meta, std::move(lose));
    Pusher pusher({world.blobs, meta, world.cache, world.locks, world.clock},
                  MissingReferences::Accept);
    return pusher.push(world.context, world.who, name("a"), {}, bytes, "");
  };
  const auto refused = push_after(
      [&] { EXPECT_OK(world.remover.blob(world.context, world.who, name("a"), layer)); });
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::MissingReference);

  world.push_blob("a", "layer");
  const auto other = world.push_blob("b", "other");
  EXPECT_OK(push_after([&] {
    EXPECT_OK(world.remover.blob(world.context, world.who, name("b"), other));
  })) << "what another repository lost is looked up again, and is no matter";
}

// One manifest that names very much would hold up everybody's push.
TEST(Pusher, NamesAtMostTenThousand) {
  World world;
  const auto index = [](std::size_t children) {
    std::string list;
    for (std::size_t i = 0; i < children; ++i) {
      list += fmt::format(R"({}{{"mediaType":"a/b","digest":"{}","size":3}})", i == 0 ? "" : ",",
                          Digest::of(std::to_string(i)).to_string());
    }
    return fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{}]}})",
                       oci::media_type::kOciIndex, list);
  };
  const auto refused = world.push("a", {"1"}, index(kMostReferences + 1));
  ASSERT_FAILS(InvalidArgument, refused);
  EXPECT_NE(refused.error().message.find("10000 are allowed"), std::string::npos);
  EXPECT_OK(world.push("a", {"1"}, index(kMostReferences)));
}

TEST(Pusher, RefusesBytesThatAreNotTheDigestTheyArePushedAs) {
  World world;
  ManifestTarget target;
  target.digest = Digest::of("something else");
  const auto bytes = World::image(world.push_blob("a", "{}"), {});
  EXPECT_FAILS(DigestMismatch,
               world.pusher.push(world.context, world.who, name("a"), target, bytes, ""));
}

TEST(Pusher, KeepsTheSameBytesUnderSha256AndSha512AsTwoManifests) {
  World world;
  const auto bytes = World::image(world.push_blob("a", "{}"), {});
  ManifestTarget target;
  target.digest = Digest::of(bytes, oci::HashAlgorithm::Sha512);
  ASSERT_OK(world.pusher.push(world.context, world.who, name("a"), target, bytes, ""));
  EXPECT_OK(world.pull("a", target.digest->to_string()));
  EXPECT_FAILS(NotFound, world.pull("a", Digest::of(bytes).to_string()));
}

// A tag that moves is never seen at its old place once the push was answered, cached or not.
TEST(Pusher, MovingATagShowsAtOnceThroughTheCache) {
  World world;
  const auto first = world.push_image("a", "latest", "one");
  ASSERT_OK(world.pull("a", "latest"));  // cached now
  const auto second = world.push_image("a", "latest", "two");
  ASSERT_NE(first, second);
  EXPECT_FALSE(world.puller.manifest_from_memory("a", "latest"));
  EXPECT_EQ(Digest::of(world.pull("a", "latest").value()), second);
}

TEST(Pusher, EveryTagMoveIsInTheHistory) {
  World world;
  const auto first = world.push_image("a", "latest", "one");
  world.clock.advance(std::chrono::seconds(1));
  const auto second = world.push_image("a", "latest", "two");
  ASSERT_OK(world.remover.tag(world.context, world.who, name("a"), tag("latest")));
  const auto history = world.metadata->store().view<std::vector<meta::TagMove>>(
      world.context, [&](const meta::Snapshot& snapshot) -> Result<std::vector<meta::TagMove>> {
        TRY_ASSIGN(const auto repository, snapshot.repositories().find(name("a")));
        return snapshot.tags().history(repository.id, tag("latest"), 10);
      });
  ASSERT_OK(history);
  ASSERT_EQ(history->size(), 3u);
  EXPECT_EQ((*history)[0].digest, std::nullopt);
  EXPECT_EQ((*history)[1].digest, second);
  EXPECT_EQ((*history)[2].digest, first);
}

// Whoever makes it: the first blob, the first mount, or a manifest that names nothing.
TEST(Pusher, JournalTellsWhoMadeARepositoryAndOnceOnly) {
  World world;
  const auto digest = world.push_blob("a", "layer");
  world.push_image("a", "1", "other");
  const access::Subject alice(access::SubjectKind::User, 0, "alice");
  ASSERT_OK(world.uploads.mount(world.context, alice, name("b"), name("a"), digest));
  const auto page = world.metadata->store().view<meta::Journal::Page>(
      world.context, [](const meta::Snapshot& snapshot) { return snapshot.journal().read(0, 9); });
  ASSERT_OK(page);
  std::vector<std::pair<std::string, events::Actor>> made;
  for (const auto& [sequence, event] : page->entries) {
    if (event.kind != events::EventKind::RepositoryCreated) continue;
    made.emplace_back(event.repository->str(), event.actor);
  }
  const std::vector<std::pair<std::string, events::Actor>> expected{
      {"a", {}}, {"b", {events::ActorKind::User, "alice"}}};
  EXPECT_EQ(made, expected);
}

TEST(Pusher, ManifestTakesItsBlobsOutOfTheCollectorsQueue) {
  World world;
  const auto waiting = [&] {
    return world.metadata->store()
        .view<std::uint64_t>(world.context,
                             [](const meta::Snapshot& s) { return s.reviews().count(); })
        .value();
  };
  const auto config = world.push_blob("a", "{}");
  const auto layer = world.push_blob("a", "layer");
  EXPECT_EQ(waiting(), 2u);
  ASSERT_OK(world.push("a", {"1"}, World::image(config, {layer})));
  EXPECT_EQ(waiting(), 0u);
}

TEST(Pusher, ReferrersAreListedAlsoForASubjectThatDoesNotExist) {
  World world;
  const auto subject = Digest::of("no such manifest");
  const auto config = world.push_blob("a", "{}");
  const auto pushed = world.push("a", {}, World::image(config, {}, subject.to_string()));
  ASSERT_OK(pushed);
  EXPECT_EQ(pushed->subject, subject);
  const auto page = world.puller.referrers(world.context, name("a"), subject, "", std::nullopt, 10);
  ASSERT_OK(page);
  ASSERT_EQ(page->descriptors.size(), 1u);
  EXPECT_EQ(page->descriptors[0].digest, pushed->digest);
  EXPECT_EQ(page->descriptors[0].artifact_type, "application/vnd.oci.image.config.v1+json");
  const auto none =
      world.puller.referrers(world.context, name("never/was"), subject, "", std::nullopt, 10);
  ASSERT_OK(none);
  EXPECT_TRUE(none->descriptors.empty());
}

}  // namespace
}  // namespace entrepot::registry
