#include <algorithm>

#include "meta/testing/store_conformance.h"

namespace entrepot::meta::testing {

namespace {

NewManifest signature(RepositoryId repository, std::string_view bytes, const Digest& subject,
                      std::string_view type) {
  NewManifest manifest = new_manifest(repository, bytes);
  manifest.subject = subject;
  manifest.artifact_type = type;
  manifest.annotations_json = R"({"made":"by hand"})";
  return manifest;
}

}  // namespace

// What a manifest names is told with how it names it, whatever the digest is.
TEST_P(StoreConformance, ReferencesAreKeptWithTheirKind) {
  const RepositoryId repo = repository("app");
  NewManifest manifest = new_manifest(repo, "bytes");
  // An empty blob serves artifacts as config and as layer at once.
  manifest.references = {{sha256("{}"), oci::ReferenceKind::Config},
                         {sha256("{}"), oci::ReferenceKind::Layer},
                         {sha512("layer"), oci::ReferenceKind::Layer},
                         {sha512("layer"), oci::ReferenceKind::Layer},
                         {sha256("child"), oci::ReferenceKind::Child}};
  ASSERT_OK(write([&](Transaction& tx) { return tx.manifests().put(manifest); }));

  const auto named = read([&](const Snapshot& s) {
                       return s.manifests().references(repo, manifest.digest);
                     }).value();
  const auto count = [&](const Digest& digest, oci::ReferenceKind kind) {
    return std::count_if(named.begin(), named.end(), [&](const ManifestReference& each) {
      return each.digest == digest && each.kind == kind;
    });
  };
  EXPECT_EQ(named.size(), 4u);
  EXPECT_EQ(count(sha256("{}"), oci::ReferenceKind::Config), 1);
  EXPECT_EQ(count(sha256("{}"), oci::ReferenceKind::Layer), 1);
  EXPECT_EQ(count(sha512("layer"), oci::ReferenceKind::Layer), 1);
  EXPECT_EQ(count(sha256("child"), oci::ReferenceKind::Child), 1);
  EXPECT_FAILS(NotFound, read([&](const Snapshot& s) {
                 return s.manifests().references(repo, sha256("other"));
               }));
}

TEST_P(StoreConformance, UserOfADigestIsALiveManifestOfTheSameRepository) {
  const RepositoryId one = repository("one");
  const RepositoryId two = repository("two");
  const Digest layer = sha256("layer");
  const Digest user = put(one, "user", {layer});
  const auto user_in = [&](RepositoryId repo) {
    return read([&](const Snapshot& s) { return s.manifests().user_of(repo, layer); });
  };
  EXPECT_EQ(user_in(one).value(), user);
  EXPECT_FAILS(NotFound, user_in(two));

  const Digest second = put(one, "second user", {layer});
  ASSERT_OK(write([&](Transaction& tx) { return tx.manifests().remove(one, user, at(1), ""); }));
  EXPECT_EQ(user_in(one).value(), second);
  ASSERT_OK(write([&](Transaction& tx) { return tx.manifests().remove(one, second, at(1), ""); }));
  EXPECT_FAILS(NotFound, user_in(one));
}

TEST_P(StoreConformance, DigestIsUsedWhileAnyLiveManifestNamesIt) {
  const RepositoryId one = repository("one");
  const RepositoryId two = repository("two");
  const Digest layer = sha256("layer");
  const auto used = [&] {
    return read([&](const Snapshot& s) { return s.manifests().used_anywhere(layer); }).value();
  };
  EXPECT_FALSE(used());
  const Digest first = put(one, "first", {layer});
  const Digest second = put(two, "second", {layer});
  EXPECT_TRUE(used());
  ASSERT_OK(write([&](Transaction& tx) { return tx.manifests().remove(one, first, at(1), ""); }));
  EXPECT_TRUE(used());
  ASSERT_OK(write([&](Transaction& tx) { return tx.manifests().remove(two, second, at(1), ""); }));
  EXPECT_FALSE(used());
}

// A manifest may name a blob by another algorithm's digest than the one it is kept under.
TEST_P(StoreConformance, BlobIsUsedByAManifestThatNamesItsAlias) {
  const RepositoryId repo = repository("app");
  const Digest user = put(repo, "user", {sha512("layer")});
  ASSERT_OK(write([&](Transaction& tx) {
    return tx.blobs().record({sha256("layer"), 5}, sha512("layer"), at(0));
  }));
  ASSERT_OK(read([&](const Snapshot& s) -> Result<void> {
    for (const Digest& digest : {sha256("layer"), sha512("layer")}) {
      EXPECT_TRUE(s.manifests().used_anywhere(digest).value()) << digest.to_string();
      EXPECT_EQ(s.manifests().user_of(repo, digest).value(), user) << digest.to_string();
    }
    return {};
  }));
}

// And the other way round: DELETE of the alias of a blob that a manifest names by its sha256.
TEST_P(StoreConformance, AliasIsUsedByAManifestThatNamesTheBlob) {
  const RepositoryId repo = repository("app");
  const Digest user = put(repo, "user", {sha256("layer")});
  ASSERT_OK(write([&](Transaction& tx) {
    return tx.blobs().record({sha256("layer"), 5}, sha512("layer"), at(0));
  }));
  EXPECT_EQ(
      read([&](const Snapshot& s) { return s.manifests().user_of(repo, sha512("layer")); }).value(),
      user);
  EXPECT_TRUE(read([&](const Snapshot& s) {
                return s.manifests().used_anywhere(sha512("layer"));
              }).value());
}

TEST_P(StoreConformance, ReferrersTellTheirTypeAndAnnotations) {
  const RepositoryId repo = repository("app");
  const Digest subject = sha256("subject");  // need not be there (yet)
  const NewManifest manifest = signature(repo, "signature", subject, "application/vnd.sig");
  ASSERT_OK(write([&](Transaction& tx) { return tx.manifests().put(manifest); }));
  put(repo, "no subject");

  const auto referrers =
      read([&](const Snapshot& s) {
        return s.manifests().referrers({.repository = name("app"), .subject = subject});
      })
          .value()
          .rows;
  ASSERT_EQ(referrers.size(), 1u);
  EXPECT_EQ(referrers[0].digest, manifest.digest);
  EXPECT_EQ(referrers[0].media_type, manifest.media_type);
  EXPECT_EQ(referrers[0].size_bytes, manifest.bytes.size());
  EXPECT_EQ(referrers[0].artifact_type, "application/vnd.sig");
  EXPECT_EQ(referrers[0].annotations_json, manifest.annotations_json);
}

TEST_P(StoreConformance, ReferrersAreOfOneRepositoryAndOneSubject) {
  const RepositoryId one = repository("one");
  const RepositoryId two = repository("two");
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.manifests().put(signature(one, "a", sha256("subject"), "t")));
    TRY(tx.manifests().put(signature(two, "b", sha256("subject"), "t")));
    TRY(tx.manifests().put(signature(one, "c", sha512("subject"), "t")));
    return {};
  }));
  const auto count = [&](const char* where, const Digest& subject) {
    return read([&](const Snapshot& s) {
             return s.manifests().referrers({.repository = name(where), .subject = subject});
           })
        .value()
        .rows.size();
  };
  EXPECT_EQ(count("one", sha256("subject")), 1u);
  EXPECT_EQ(count("two", sha256("subject")), 1u);
  EXPECT_EQ(count("one", sha512("subject")), 1u);
  EXPECT_EQ(count("two", sha512("subject")), 0u);
  EXPECT_EQ(count("nobody", sha256("subject")), 0u);
}

TEST_P(StoreConformance, ReferrersAreFilteredAndPagedInOrderOfDigest) {
  const RepositoryId repo = repository("app");
  const Digest subject = sha256("subject");
  std::vector<Digest> odd;
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    odd.clear();
    for (int i = 0; i < 9; ++i) {
      const bool is_odd = i % 2 == 1;
      const NewManifest each =
          signature(repo, std::to_string(i), subject, is_odd ? "type/odd" : "type/even");
      TRY(tx.manifests().put(each));
      if (is_odd) odd.push_back(each.digest);
    }
    return {};
  }));
  std::sort(odd.begin(), odd.end());

  std::vector<Digest> seen;
  ReferrerQuery query{
      .repository = name("app"), .subject = subject, .artifact_type = "type/odd", .limit = 3};
  for (bool more = true; more;) {
    const auto page =
        read([&](const Snapshot& s) { return s.manifests().referrers(query); }).value();
    ASSERT_LE(page.rows.size(), 3u);
    for (const Referrer& each : page.rows) seen.push_back(each.digest);
    more = page.more;
    query.after = seen.back();
  }
  EXPECT_EQ(seen, odd);
}

// A page has a size in bytes, too; a row that is larger comes alone.
TEST_P(StoreConformance, ReferrersAreCutByBytes) {
  const RepositoryId repo = repository("app");
  const Digest subject = sha256("subject");
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    for (int i = 0; i < 6; ++i) {
      NewManifest each = signature(repo, std::to_string(i), subject, "type");
      each.annotations_json = Bytes(10'000, ' ');
      TRY(tx.manifests().put(each));
    }
    return {};
  }));
  const auto page = [&](std::size_t limit, std::size_t limit_bytes) {
    return read([&](const Snapshot& s) {
             return s.manifests().referrers({.repository = name("app"),
                                             .subject = subject,
                                             .limit = limit,
                                             .limit_bytes = limit_bytes});
           })
        .value();
  };
  EXPECT_EQ(page(10, 25'000).rows.size(), 2u);
  EXPECT_TRUE(page(10, 25'000).more);
  EXPECT_EQ(page(10, 100).rows.size(), 1u);
  EXPECT_EQ(page(10, 100).rows[0].annotations_json.size(), 10'000u);
  EXPECT_EQ(page(4, 1'000'000).rows.size(), 4u);
  EXPECT_TRUE(page(4, 1'000'000).more);
  EXPECT_EQ(page(6, 1'000'000).rows.size(), 6u);
  EXPECT_FALSE(page(6, 1'000'000).more);
  EXPECT_TRUE(page(0, 1'000'000).rows.empty());
}

}  // namespace entrepot::meta::testing
