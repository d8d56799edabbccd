#include "mirror/mirror.h"

#include <latch>
#include <thread>

#include <gtest/gtest.h>

#include "registry/testing/world.h"

namespace entrepot::mirror {
namespace {

using oci::Digest;
using registry::testing::name;
using registry::testing::tag;
using registry::testing::World;
using std::chrono::seconds;

// What another registry has, what it was asked, and how it fails.
class FakeRegistry final : public remote::Registry {
 public:
  struct Counts {
    int heads = 0;
    int manifests = 0;
    int blobs = 0;
    friend bool operator==(const Counts&, const Counts&) = default;
  };

  Digest add(const std::string& tag_text, const std::string& bytes) {
    const MutexLock lock(mutex_);
    const Digest digest = Digest::of(bytes);
    manifests_[digest.to_string()] = bytes;
    tags_.insert_or_assign(tag_text, digest);
    return digest;
  }
  Digest add_blob(const std::string& bytes) {
    const MutexLock lock(mutex_);
    const Digest digest = Digest::of(bytes);
    blobs_[digest.to_string()] = bytes;
    return digest;
  }
  void break_blob(const Digest& digest) {
    const MutexLock lock(mutex_);
    blobs_[digest.to_string()].back() ^= 1;
  }
  void remove(const std::string& tag_text) {
    const MutexLock lock(mutex_);
    tags_.erase(tag_text);
  }
  void fail_with(std::optional<ErrorCode> code) {
    const MutexLock lock(mutex_);
    fault_ = code;
  }
  void wait_for(std::latch* latch) {
    const MutexLock lock(mutex_);
    latch_ = latch;
  }
  void rest_until(std::optional<SteadyTime> until) { rests_until_ = until; }
  Counts counts() const {
    const MutexLock lock(mutex_);
    return counts_;
  }

  Result<remote::ManifestHead> head_manifest(Context&, std::string_view,
                                             std::string_view reference) override {
    const MutexLock lock(mutex_);
    ++counts_.heads;
    TRY_ASSIGN(const Digest digest, find(reference));
    return remote::ManifestHead{digest, std::string(oci::media_type::kOciManifest)};
  }
  Result<remote::Manifest> manifest(Context&, std::string_view,
                                    std::string_view reference) override {
    std::latch* latch = nullptr;
    {
      const MutexLock lock(mutex_);
      ++counts_.manifests;
      latch = latch_;
    }
    if (latch != nullptr) latch->wait();
    const MutexLock lock(mutex_);
    TRY_ASSIGN(const Digest digest, find(reference));
    return remote::Manifest{digest, std::string(oci::media_type::kOciManifest),
                            manifests_.at(digest.to_string())};
  }
  Result<std::uint64_t> blob_size(Context&, std::string_view, const Digest& digest) override {
    const MutexLock lock(mutex_);
    TRY(fault());
    const auto found = blobs_.find(digest.to_string());
    if (found == blobs_.end()) return fail(ErrorCode::NotFound, "no such blob");
    return found->second.size();
  }
  Result<void> blob(Context&, std::string_view, const Digest& digest,
                    remote::BlobTaker& taker) override {
    std::string bytes;
    {
      const MutexLock lock(mutex_);
      ++counts_.blobs;
      TRY(fault());
      const auto found = blobs_.find(digest.to_string());
      if (found == blobs_.end()) return fail(ErrorCode::NotFound, "no such blob");
      bytes = found->second;
    }
    TRY(taker.begin(bytes.size()));
    for (std::size_t at = 0; at < bytes.size(); at += 1000) {
      TRY(taker.take(ByteView(bytes).substr(at, 1000)));
    }
    return {};
  }
  Result<remote::NamePage> tags(Context&, std::string_view, std::string_view,
                                std::size_t) override {
    const MutexLock lock(mutex_);
    TRY(fault());
    remote::NamePage page;
    for (const auto& [text, digest] : tags_) page.names.push_back(text);
    return page;
  }
  Result<std::vector<oci::Descriptor>> referrers(Context&, std::string_view,
                                                 const Digest&) override {
    return std::vector<oci::Descriptor>();
  }
  Result<void> ping(Context&) override { return fault_of_all(); }
  std::optional<SteadyTime> rests_until() const override { return rests_until_; }
  std::optional<std::uint64_t> pulls_left() const override { return std::nullopt; }

 private:
  Result<void> fault_of_all() {
    const MutexLock lock(mutex_);
    return fault();
  }
  Result<void> fault() const ENTREPOT_REQUIRES(mutex_) {
    if (fault_) return fail(*fault_, "the upstream fails");
    return {};
  }
  Result<Digest> find(std::string_view reference) const ENTREPOT_REQUIRES(mutex_) {
    TRY(fault());
    if (const auto found = tags_.find(std::string(reference)); found != tags_.end()) {
      return found->second;
    }
    if (manifests_.contains(std::string(reference))) return Digest::parse(reference);
    return fail(ErrorCode::NotFound, "no such manifest");
  }

  mutable Mutex mutex_;
  std::map<std::string, std::string> manifests_ ENTREPOT_GUARDED_BY(mutex_);
  std::map<std::string, Digest> tags_ ENTREPOT_GUARDED_BY(mutex_);
  std::map<std::string, std::string> blobs_ ENTREPOT_GUARDED_BY(mutex_);
  std::optional<ErrorCode> fault_ ENTREPOT_GUARDED_BY(mutex_);
  std::latch* latch_ ENTREPOT_GUARDED_BY(mutex_) = nullptr;
  Counts counts_ ENTREPOT_GUARDED_BY(mutex_);
  std::optional<SteadyTime> rests_until_;
};

using Counts = FakeRegistry::Counts;

class MirrorTest : public ::testing::Test {
 protected:
  MirrorTest() {
    auto fake = std::make_unique<FakeRegistry>();
    hub = fake.get();
    std::vector<Upstream> upstreams;
    upstreams.push_back({Names::parse_name("docker.io").value(), std::move(fake)});
    mirror = std::make_unique<Mirror>(
        std::move(upstreams), Options{.root = "docker.io"},
        Mirror::Services{world.stores, world.puller, world.pusher, world.uploads, world.metrics});
    EXPECT_OK(mirror->refresh(world.context));
    layer = hub->add_blob("layer");
    config = hub->add_blob("{}");
    image = World::image(config, {layer});
    digest = hub->add("1", image);
  }

  Result<std::string> bring(std::string_view reference) {
    const auto parsed = oci::parse_reference(reference).value();
    TRY_ASSIGN(const auto brought, mirror->bring(world.context, repository, parsed));
    warning = brought.warning;
    return world.pull(repository.str(), std::string(reference));
  }

  Result<Bytes> blob(const Digest& of) {
    TRY_ASSIGN(auto found, mirror->blob(world.context, repository, of));
    return read_all(world.context, found.bytes, 1 << 20);
  }

  World world{registry::MissingReferences::Expect};
  FakeRegistry* hub = nullptr;
  std::unique_ptr<Mirror> mirror;
  const oci::RepositoryName repository = name("docker.io/library/nginx");
  Digest layer = Digest::of("");
  Digest config = layer;
  Digest digest = layer;
  std::string image;
  std::string warning;
};

TEST_F(MirrorTest, AColdTagCostsOneGet) {
  EXPECT_FALSE(mirror->fresh_until(repository.str(), "1"));
  EXPECT_EQ(bring("1"), image);
  EXPECT_EQ(hub->counts(), (Counts{.heads = 0, .manifests = 1, .blobs = 0}));
  EXPECT_EQ(mirror->fresh_until(repository.str(), "1"), world.clock.steady() + seconds(60));
}

TEST_F(MirrorTest, ATagThatIsNotFreshCostsOneHead) {
  EXPECT_EQ(bring("1"), image);
  world.clock.advance(seconds(61));
  EXPECT_FALSE(mirror->fresh_until(repository.str(), "1"));
  EXPECT_EQ(bring("1"), image);
  EXPECT_EQ(hub->counts(), (Counts{.heads = 1, .manifests = 1, .blobs = 0}));
  EXPECT_TRUE(mirror->fresh_until(repository.str(), "1"));
}

TEST_F(MirrorTest, ATagThatMovedIsGotByItsDigest) {
  EXPECT_EQ(bring("1"), image);
  const std::string newer = World::image(config, {layer, layer});
  hub->add("1", newer);
  world.clock.advance(seconds(61));
  EXPECT_EQ(bring("1"), newer);
  EXPECT_EQ(hub->counts(), (Counts{.heads = 1, .manifests = 2, .blobs = 0}));
  EXPECT_EQ(world.pull(repository.str(), digest.to_string()), image);
}

TEST_F(MirrorTest, ATagThatMovedBackCostsNoGet) {
  EXPECT_EQ(bring("1"), image);
  hub->add("1", World::image(config, {layer, layer}));
  world.clock.advance(seconds(61));
  EXPECT_TRUE(bring("1").has_value());
  hub->add("1", image);
  world.clock.advance(seconds(61));
  EXPECT_EQ(bring("1"), image);
  EXPECT_EQ(hub->counts(), (Counts{.heads = 2, .manifests = 2, .blobs = 0}));
}

TEST_F(MirrorTest, WhatTheUpstreamHadIsServedWhileItFails) {
  EXPECT_EQ(bring("1"), image);
  world.clock.advance(seconds(61));
  for (const ErrorCode code :
       {ErrorCode::Unavailable, ErrorCode::Timeout, ErrorCode::RateLimited}) {
    hub->fail_with(code);
    EXPECT_EQ(bring("1"), image);
    EXPECT_EQ(warning, "docker.io cannot be asked now");
    EXPECT_FALSE(mirror->fresh_until(repository.str(), "1"));
    EXPECT_FAILS(NotFound, world.pull(repository.str(), "2"));
    const auto absent = bring("2");
    ASSERT_FALSE(absent);
    EXPECT_EQ(absent.error().code, code);
  }
  hub->fail_with(std::nullopt);
  EXPECT_EQ(bring("1"), image);
  EXPECT_EQ(warning, "");
}

TEST_F(MirrorTest, ATagThatIsGoneUpstreamDoesNotAnswerAndItsBytesStay) {
  EXPECT_EQ(bring("1"), image);
  hub->remove("1");
  world.clock.advance(seconds(61));
  EXPECT_FAILS(NotFound, bring("1"));
  EXPECT_EQ(world.pull(repository.str(), digest.to_string()), image);
}

TEST_F(MirrorTest, WhatIsNotThereIsAskedForOnceInAWhile) {
  EXPECT_FAILS(NotFound, bring("2"));
  EXPECT_FAILS(NotFound, bring("2"));
  EXPECT_EQ(hub->counts().manifests, 1);
  world.clock.advance(seconds(31));
  EXPECT_FAILS(NotFound, bring("2"));
  EXPECT_EQ(hub->counts().manifests, 2);
}

// A fault is no absence.
TEST_F(MirrorTest, AfterFaultsNobodyWaitsAndNothingIsSaidToBeAbsent) {
  hub->fail_with(ErrorCode::Unavailable);
  for (int i = 0; i < 20; ++i) EXPECT_FAILS(Unavailable, bring("1"));
  EXPECT_EQ(hub->counts().manifests, Breaker::kMostFaults);
  hub->fail_with(std::nullopt);
  EXPECT_FAILS(Unavailable, bring("1"));
  world.clock.advance(Breaker::kFirstPause);
  EXPECT_EQ(bring("1"), image);
}

TEST_F(MirrorTest, AnUpstreamThatWantsRestIsNotAsked) {
  EXPECT_EQ(bring("1"), image);
  hub->rest_until(world.clock.steady() + seconds(600));
  world.clock.advance(seconds(61));
  EXPECT_EQ(bring("1"), image);
  EXPECT_NE(warning, "");
  EXPECT_FAILS(RateLimited, bring("2"));
  EXPECT_EQ(hub->counts(), (Counts{.heads = 0, .manifests = 1, .blobs = 0}));
}

TEST_F(MirrorTest, OfManyWhoAskAtOnceOneAsksTheUpstream) {
  std::latch release(1);
  hub->wait_for(&release);
  std::vector<std::thread> threads;
  std::atomic<int> got = 0;
  for (int i = 0; i < 8; ++i) {
    threads.emplace_back([&] {
      Context context;
      if (mirror->bring(context, repository, tag("1"))) ++got;
    });
  }
  while (hub->counts().manifests == 0) std::this_thread::yield();
  release.count_down();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(got, 8);
  // Who came after it was there asks again, with a HEAD.
  EXPECT_EQ(hub->counts().manifests, 1);
}

TEST_F(MirrorTest, ABlobComesOnceAndStays) {
  EXPECT_EQ(bring("1"), image);
  EXPECT_EQ(blob(layer), "layer");
  EXPECT_EQ(blob(layer), "layer");
  EXPECT_EQ(hub->counts().blobs, 1);
  EXPECT_TRUE(world.has_blob(repository.str(), layer));
}

TEST_F(MirrorTest, AWrongBlobIsNeitherServedNorKept) {
  EXPECT_EQ(bring("1"), image);
  hub->break_blob(layer);
  EXPECT_FAILS(Unavailable, blob(layer));
  EXPECT_FALSE(world.has_blob(repository.str(), layer));
  EXPECT_FAILS(NotFound, blob(Digest::of("absent")));
}

TEST_F(MirrorTest, WhatWasCollectedHereComesAgain) {
  EXPECT_EQ(bring("1"), image);
  EXPECT_EQ(blob(layer), "layer");
  ASSERT_OK(world.remover.manifest(
      world.context, world.who, repository, digest,
      [](meta::Transaction&, meta::RepositoryId) { return Result<void>(); }));
  ASSERT_OK(world.remover.blob(world.context, world.who, repository, layer));
  world.clock.advance(seconds(61));
  EXPECT_EQ(bring("1"), image);
  EXPECT_EQ(blob(layer), "layer");
}

TEST_F(MirrorTest, TheUpstreamsTagsAreListed) {
  hub->add("2", image);
  const auto page = mirror->tags(world.context, repository, "", 10);
  ASSERT_OK(page);
  EXPECT_EQ(page->names, (std::vector<std::string>{"1", "2"}));
  EXPECT_EQ(mirror->blob_size(world.context, repository, layer), 5u);
}

TEST_F(MirrorTest, NamesOfOursAreNobodyElses) {
  EXPECT_EQ(mirror->meant_by("library/nginx", "", true)->value_or(""), repository.str());
  world.push_image("library/nginx", "1", "ours");
  world.push_image("acme/app", "1", "ours");
  EXPECT_FALSE(*mirror->meant_by("library/nginx", "", true));
  EXPECT_FALSE(*mirror->meant_by("acme/other", "", true));
  EXPECT_TRUE(*mirror->meant_by("library/other", "", true));
}

TEST_F(MirrorTest, AfterStopNobodyIsAsked) {
  mirror->stop();
  EXPECT_FAILS(Cancelled, mirror->blob(world.context, repository, layer));
}

}  // namespace
}  // namespace entrepot::mirror
