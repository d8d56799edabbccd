#include <algorithm>

#include "meta/testing/store_conformance.h"

namespace entrepot::meta::testing {

TEST_P(StoreConformance, ManifestIsFoundByDigestAndByTag) {
  const RepositoryId repo = repository("app");
  NewManifest fresh = new_manifest(repo, R"({"some":"manifest"})");
  fresh.media_type = "application/vnd.example+json";
  const Manifest put = write([&](Transaction& tx) -> Result<Manifest> {
                         TRY_ASSIGN(Manifest manifest, tx.manifests().put(fresh));
                         TRY(tx.tags().move(repo, tag("v1"), fresh.digest, at(1)));
                         return manifest;
                       }).value();
  EXPECT_EQ(put.digest, fresh.digest);

  for (const oci::Reference& reference :
       {oci::Reference(fresh.digest), oci::Reference(tag("v1"))}) {
    const StoredManifest found =
        read([&](const Snapshot& s) { return s.manifests().find(name("app"), reference); }).value();
    EXPECT_EQ(found.bytes, fresh.bytes);
    EXPECT_EQ(found.manifest.id, put.id);
    EXPECT_EQ(found.manifest.repository, repo);
    EXPECT_EQ(found.manifest.digest, fresh.digest);
    EXPECT_EQ(found.manifest.media_type, "application/vnd.example+json");
    EXPECT_EQ(found.manifest.size_bytes, fresh.bytes.size());
    EXPECT_EQ(found.manifest.pushed_at, at(0));
  }
}

TEST_P(StoreConformance, ManifestBytesAreKeptExactly) {
  const RepositoryId repo = repository("app");
  for (const Bytes& bytes : {Bytes(), Bytes("\0\xff\n {}", 6), Bytes(4u << 20, 'x')}) {
    const Digest digest = put(repo, bytes);
    const auto found =
        read([&](const Snapshot& s) { return s.manifests().find(name("app"), digest); });
    ASSERT_OK(found);
    EXPECT_TRUE(found->bytes == bytes) << bytes.size();
  }
}

// A manifest is (repository, literal digest).
TEST_P(StoreConformance, ManifestBelongsToOneRepositoryAndOneDigest) {
  const RepositoryId one = repository("one");
  const RepositoryId two = repository("two");
  const Digest digest = put(one, "bytes");
  const auto find = [&](const char* where, const Digest& what) {
    return read([&](const Snapshot& s) { return s.manifests().find(name(where), what); });
  };
  EXPECT_FAILS(NotFound, find("two", digest));
  EXPECT_FAILS(NotFound, find("three", digest));
  EXPECT_FAILS(NotFound, find("one", sha512("bytes")));

  NewManifest other = new_manifest(one, "bytes");
  other.digest = sha512("bytes");
  ASSERT_OK(write([&](Transaction& tx) { return tx.manifests().put(other); }));
  put(two, "bytes");
  EXPECT_NE(find("one", digest)->manifest.id, find("one", sha512("bytes"))->manifest.id);
  EXPECT_NE(find("one", digest)->manifest.id, find("two", digest)->manifest.id);
}

TEST_P(StoreConformance, PuttingAManifestAgainChangesItsPushTimeOnly) {
  const RepositoryId repo = repository("app");
  const Digest digest = put(repo, "bytes", {sha256("layer")});
  NewManifest again = new_manifest(repo, "bytes");
  again.references = {{sha256("layer"), oci::ReferenceKind::Layer}};
  again.media_type = "application/vnd.other+json";
  again.pushed_at = at(9);
  const Manifest second = write([&](Transaction& tx) { return tx.manifests().put(again); }).value();
  EXPECT_EQ(second.pushed_at, at(9));
  EXPECT_EQ(second.media_type, oci::media_type::kOciManifest);

  const Manifest found =
      read([&](const Snapshot& s) { return s.manifests().find(repo, digest); }).value();
  EXPECT_EQ(found.id, second.id);
  EXPECT_EQ(found.pushed_at, at(9));
  EXPECT_EQ(found.media_type, oci::media_type::kOciManifest);
  EXPECT_OK(read([&](const Snapshot& s) { return s.manifests().user_of(repo, sha256("layer")); }));
}

TEST_P(StoreConformance, RemovedManifestIsGoneEverywhereAtOnce) {
  const RepositoryId repo = repository("app");
  NewManifest fresh = new_manifest(repo, "bytes");
  fresh.references = {{sha256("layer"), oci::ReferenceKind::Layer}};
  fresh.subject = sha256("subject");
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.manifests().put(fresh));
    TRY(tx.tags().move(repo, tag("v1"), fresh.digest, at(0)));
    return tx.manifests().remove(repo, fresh.digest, at(1), "bob");
  }));
  ASSERT_OK(read([&](const Snapshot& s) -> Result<void> {
    EXPECT_FAILS(NotFound, s.manifests().find(name("app"), fresh.digest));
    EXPECT_FAILS(NotFound, s.manifests().find(name("app"), tag("v1")));
    EXPECT_FAILS(NotFound, s.manifests().find(repo, fresh.digest));
    EXPECT_FAILS(NotFound, s.manifests().references(repo, fresh.digest));
    EXPECT_FAILS(NotFound, s.manifests().user_of(repo, sha256("layer")));
    EXPECT_FALSE(s.manifests().used_anywhere(sha256("layer")).value());
    EXPECT_TRUE(s.manifests().was_deleted(repo, fresh.digest).value());
    TRY_ASSIGN(const auto referrers,
               s.manifests().referrers({.repository = name("app"), .subject = *fresh.subject}));
    EXPECT_TRUE(referrers.rows.empty());
    return {};
  }));
}

TEST_P(StoreConformance, RemovingAnUnknownManifestIsNotFound) {
  const RepositoryId repo = repository("app");
  const Digest digest = put(repo, "bytes");
  const auto remove = [&](const Digest& what) {
    return write([&](Transaction& tx) { return tx.manifests().remove(repo, what, at(1), "bob"); });
  };
  EXPECT_FAILS(NotFound, remove(sha256("other")));
  EXPECT_OK(remove(digest));
  EXPECT_FAILS(NotFound, remove(digest));
}

TEST_P(StoreConformance, RemovedManifestComesBackWhenItIsPutAgain) {
  const RepositoryId repo = repository("app");
  const Digest digest = put(repo, "bytes", {sha256("old layer")});
  ASSERT_OK(
      write([&](Transaction& tx) { return tx.manifests().remove(repo, digest, at(1), "bob"); }));

  NewManifest again = new_manifest(repo, "bytes");
  again.media_type = "application/vnd.other+json";
  again.references = {{sha256("layer"), oci::ReferenceKind::Layer}};
  again.pushed_at = at(2);
  ASSERT_OK(write([&](Transaction& tx) { return tx.manifests().put(again); }));
  ASSERT_OK(read([&](const Snapshot& s) -> Result<void> {
    TRY_ASSIGN(const StoredManifest found, s.manifests().find(name("app"), digest));
    EXPECT_EQ(found.bytes, "bytes");
    EXPECT_EQ(found.manifest.media_type, "application/vnd.other+json");
    EXPECT_EQ(found.manifest.pushed_at, at(2));
    EXPECT_FALSE(s.manifests().was_deleted(repo, digest).value());
    EXPECT_OK(s.manifests().user_of(repo, sha256("layer")));
    EXPECT_TRUE(s.manifests().used_anywhere(sha256("layer")).value());
    EXPECT_FALSE(s.manifests().used_anywhere(sha256("old layer")).value());
    return {};
  }));
}

TEST_P(StoreConformance, ManifestThatNeverWasIsNotCalledDeleted) {
  const RepositoryId repo = repository("app");
  const Digest digest = put(repo, "bytes");
  const auto was_deleted = [&](const Digest& what) {
    return read([&](const Snapshot& s) { return s.manifests().was_deleted(repo, what); }).value();
  };
  EXPECT_FALSE(was_deleted(digest));
  EXPECT_FALSE(was_deleted(sha256("other")));
}

TEST_P(StoreConformance, LiveManifestsAreListedInOrderByPages) {
  const RepositoryId repo = repository("app");
  put(repository("other"), "elsewhere");
  std::vector<Digest> live;
  for (const char* bytes : {"a", "b", "c", "d", "e"}) live.push_back(put(repo, bytes));
  const Digest removed = put(repo, "removed");
  ASSERT_OK(
      write([&](Transaction& tx) { return tx.manifests().remove(repo, removed, at(1), ""); }));
  std::sort(live.begin(), live.end());
  for (std::size_t size = 1; size <= live.size() + 1; ++size) {
    std::vector<Digest> seen;
    while (true) {
      const auto after = seen.empty() ? std::nullopt : std::optional(seen.back());
      const auto page =
          read([&](const Snapshot& s) { return s.manifests().list(repo, after, size); }).value();
      if (page.empty()) break;
      ASSERT_LE(page.size(), size);
      for (const Manifest& each : page) seen.push_back(each.digest);
    }
    EXPECT_EQ(seen, live) << size;
  }
}

TEST_P(StoreConformance, PurgeTellsTheRemovedManifestsAndWhatTheyNamed) {
  const RepositoryId repo = repository("app");
  const Digest first = put(repo, "first", {sha256("shared"), sha256("only first")});
  const Digest second = put(repo, "second", {sha256("shared"), sha512("only second")});
  put(repo, "third", {sha256("only third")});
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.manifests().remove(repo, first, at(1), "bob"));
    return tx.manifests().remove(repo, second, at(2), "bob");
  }));

  const auto purge = [&](int before) {
    auto told = write([&](Transaction& tx) {
                  return tx.manifests().purge_removed(at(before), 10);
                }).value();
    std::sort(told.begin(), told.end());
    return told;
  };
  const auto sorted = [](std::vector<Digest> digests) {
    std::sort(digests.begin(), digests.end());
    return digests;
  };
  EXPECT_TRUE(purge(1).empty());
  EXPECT_EQ(purge(2), sorted({first, sha256("shared"), sha256("only first")}));
  EXPECT_EQ(purge(99), sorted({second, sha256("shared"), sha512("only second")}));
  EXPECT_TRUE(purge(99).empty());
  ASSERT_OK(read([&](const Snapshot& s) -> Result<void> {
    EXPECT_FALSE(s.manifests().was_deleted(repo, first).value());
    EXPECT_TRUE(s.manifests().used_anywhere(sha256("only third")).value());
    return {};
  }));
  EXPECT_EQ(put(repo, "first"), first);
}

TEST_P(StoreConformance, PurgeTakesAtMostItsLimitOldestFirst) {
  const RepositoryId repo = repository("app");
  for (int i = 5; i > 0; --i) {
    const Digest digest = put(repo, std::to_string(i), {sha256(std::to_string(-i))});
    ASSERT_OK(
        write([&](Transaction& tx) { return tx.manifests().remove(repo, digest, at(i), "bob"); }));
  }
  const auto purge = [&] {
    return write([&](Transaction& tx) { return tx.manifests().purge_removed(at(99), 2); })
        .value()
        .size();
  };
  EXPECT_EQ(purge(), 4u);  // two of each: itself and what it names
  EXPECT_FALSE(read([&](const Snapshot& s) {
                 return s.manifests().was_deleted(repo, sha256("2"));
               }).value());
  EXPECT_TRUE(read([&](const Snapshot& s) {
                return s.manifests().was_deleted(repo, sha256("3"));
              }).value());
  EXPECT_EQ(purge(), 4u);
  EXPECT_EQ(purge(), 2u);
}

// Whoever removes a manifest removes its tags; one that was left behind must not lead anywhere.
TEST_P(StoreConformance, PurgeTakesTagsThatWereLeftBehind) {
  const RepositoryId repo = repository("app");
  const Digest digest = put(repo, "bytes");
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.tags().move(repo, tag("v1"), digest, at(0)));
    TRY(tx.manifests().remove(repo, digest, at(1), "bob"));
    TRY(tx.manifests().purge_removed(at(2), 10));
    return {};
  }));
  put(repo, "another");
  EXPECT_FAILS(NotFound,
               read([&](const Snapshot& s) { return s.manifests().find(name("app"), tag("v1")); }));
  EXPECT_FAILS(NotFound, read([&](const Snapshot& s) { return s.tags().find(repo, tag("v1")); }));
}

}  // namespace entrepot::meta::testing
