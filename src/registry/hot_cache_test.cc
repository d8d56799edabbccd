#include "registry/hot_cache.h"

#include <atomic>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

namespace entrepot::registry {
namespace {

std::shared_ptr<const HotManifest> manifest(std::string bytes) {
  return std::make_shared<const HotManifest>(
      HotManifest{"sha256:00", "type", std::make_shared<const std::string>(std::move(bytes))});
}

std::shared_ptr<const HotBlob> blob(std::string digest) {
  return std::make_shared<const HotBlob>(HotBlob{std::move(digest), 3, nullptr, {}});
}

struct HotCacheTest : ::testing::Test {
  metrics::Registry metrics;
  HotCache cache{HotCache::Options{.manifest_bytes = 64 << 10, .blob_entries = 128}, metrics};

  void keep(std::string_view repository, std::string_view reference, std::string bytes) {
    cache.fill_manifest(cache.manifest_ticket(repository, reference), repository, reference,
                        manifest(std::move(bytes)));
  }

  void hear(events::Event event) {
    meta::News news;
    news.entries.push_back({1, std::move(event)});
    cache.heard(news);
  }

  void hear_that_a_tag_moved(std::string_view repository, std::string_view tag) {
    hear({.kind = events::EventKind::ManifestPushed,
          .at = {},
          .repository = oci::RepositoryName::parse(repository).value(),
          .digest = oci::Digest::of("new"),
          .tag = oci::Tag::parse(tag).value()});
  }
};

TEST_F(HotCacheTest, RemembersWhatWasFilledUnderItsRepositoryAndReferenceOnly) {
  keep("a/b", "latest", "one");
  ASSERT_TRUE(cache.find_manifest("a/b", "latest"));
  EXPECT_EQ(*cache.find_manifest("a/b", "latest")->bytes, "one");
  EXPECT_FALSE(cache.find_manifest("a/b", "other"));
  EXPECT_FALSE(cache.find_manifest("a", "b\nlatest"));
  EXPECT_FALSE(cache.find_manifest("a", "latest"));
}

// A reader that began before a write must not put the old state back behind it.
TEST_F(HotCacheTest, DropsAFillThatBeganBeforeAnInvalidation) {
  const auto ticket = cache.manifest_ticket("r", "t");
  hear_that_a_tag_moved("r", "t");
  cache.fill_manifest(ticket, "r", "t", manifest("old"));
  EXPECT_FALSE(cache.find_manifest("r", "t"));
}

TEST_F(HotCacheTest, InvalidationForgets) {
  keep("r", "t", "x");
  hear_that_a_tag_moved("r", "t");
  EXPECT_FALSE(cache.find_manifest("r", "t"));
}

TEST_F(HotCacheTest, InvalidatingABlobForgetsItInEveryRepositoryAndNoOtherBlob) {
  const auto one = oci::Digest::of("one").to_string();
  const auto other = oci::Digest::of("other").to_string();
  for (const char* repository : {"a", "b", "c"}) {
    cache.fill_blob(cache.blob_ticket(one), repository, blob(one));
    cache.fill_blob(cache.blob_ticket(other), repository, blob(other));
  }
  meta::News news;
  news.tell_of_blob(oci::Digest::of("one"));
  cache.heard(news);
  for (const char* repository : {"a", "b", "c"}) {
    EXPECT_FALSE(cache.find_blob(repository, one));
    EXPECT_TRUE(cache.find_blob(repository, other));
  }
}

TEST_F(HotCacheTest, ADeletedManifestIsForgottenUnderItsDigest) {
  const auto digest = oci::Digest::of("bytes");
  keep("r", digest.to_string(), "bytes");
  keep("other", digest.to_string(), "bytes");
  hear({.kind = events::EventKind::ManifestDeleted,
        .at = {},
        .repository = oci::RepositoryName::parse("r").value(),
        .digest = digest});
  EXPECT_FALSE(cache.find_manifest("r", digest.to_string()));
  EXPECT_TRUE(cache.find_manifest("other", digest.to_string()));
}

TEST_F(HotCacheTest, NewsOfRewrittenManifestsForgetsThemAll) {
  keep("r", "t", "x");
  const auto ticket = cache.manifest_ticket("r", "u");
  meta::News news;
  news.manifests = true;
  cache.heard(news);
  cache.fill_manifest(ticket, "r", "u", manifest("old"));
  EXPECT_FALSE(cache.find_manifest("r", "t"));
  EXPECT_FALSE(cache.find_manifest("r", "u"));
}

TEST_F(HotCacheTest, StaysWithinItsBounds) {
  for (int i = 0; i < 1000; ++i) keep("r", std::to_string(i), std::string(500, 'x'));
  int kept = 0;
  for (int i = 0; i < 1000; ++i) kept += cache.find_manifest("r", std::to_string(i)) ? 1 : 0;
  EXPECT_GT(kept, 0);
  EXPECT_LE(kept * 500, 64 << 10);
  // One that would push out most of a shard is not kept at all.
  keep("r", "large", std::string(32 << 10, 'x'));
  EXPECT_FALSE(cache.find_manifest("r", "large"));
}

TEST_F(HotCacheTest, NamesLongerThanAnyRealOneAreNeitherFoundNorKeptApart) {
  EXPECT_FALSE(cache.find_manifest(std::string(5000, 'a'), "t"));
  EXPECT_FALSE(cache.find_blob("a", std::string(70'000, 'b')));
}

// As in the registry: a writer changes the store, makes the cache forget, then acknowledges. A
// reader must never see less than what was acknowledged before it began. Under TSan this also tests
// the locking.
TEST_F(HotCacheTest, ConcurrentReadersNeverSeeLessThanWhatWasAcknowledged) {
  std::atomic<int> stored = 0;
  std::atomic<int> acknowledged = 0;
  std::atomic<bool> stop = false;
  std::vector<std::thread> readers;
  for (int t = 0; t < 3; ++t) {
    readers.emplace_back([&] {
      while (!stop) {
        const int least = acknowledged;
        const auto ticket = cache.manifest_ticket("r", "t");
        if (const auto found = cache.find_manifest("r", "t")) {
          EXPECT_GE(std::stoi(*found->bytes), least);
        } else {
          cache.fill_manifest(ticket, "r", "t", manifest(std::to_string(stored)));
        }
      }
    });
  }
  for (int i = 1; i <= 5000; ++i) {
    stored = i;
    hear_that_a_tag_moved("r", "t");
    acknowledged = i;
  }
  stop = true;
  for (auto& reader : readers) reader.join();
}

}  // namespace
}  // namespace entrepot::registry
