#include "meta/testing/store_conformance.h"

namespace entrepot::meta::testing {

namespace {

constexpr auto kConfig = oci::ReferenceKind::Config;
constexpr auto kLayer = oci::ReferenceKind::Layer;
constexpr auto kChild = oci::ReferenceKind::Child;

}  // namespace

// As if it were gone for whoever looks, but nothing that leads to it is lost.
TEST_P(StoreConformance, DamagedBlobIsNotFoundUntilItIsRecordedAgain) {
  const RepositoryId repo = repository("app");
  const Digest blob = record("layer");
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.blobs().record({blob, 5}, sha512("layer"), at(0)));
    TRY(tx.blobs().link(repo, blob, at(1)));
    TRY_ASSIGN(const bool first, tx.damage().mark_blob(blob, at(2)));
    EXPECT_TRUE(first);
    TRY_ASSIGN(const bool second, tx.damage().mark_blob(sha512("layer"), at(3)));
    EXPECT_FALSE(second);
    return {};
  }));
  ASSERT_OK(read([&](const Snapshot& s) -> Result<void> {
    for (const Digest& digest : {blob, sha512("layer")}) {
      EXPECT_FAILS(NotFound, s.blobs().find(repo, digest));
      EXPECT_FAILS(NotFound, s.blobs().find(name("app"), digest));
      EXPECT_FAILS(NotFound, s.blobs().find_anywhere(digest));
      EXPECT_TRUE(s.blobs().was_linked(repo, digest).value());
    }
    EXPECT_EQ(s.blobs().holders(blob, 10)->size(), 1u);
    EXPECT_EQ(s.damage().blobs(std::nullopt, 10)->size(), 1u);
    EXPECT_TRUE(s.damage().blobs(blob, 10)->empty());
    return {};
  }));
  record("layer");
  ASSERT_OK(read([&](const Snapshot& s) -> Result<void> {
    EXPECT_OK(s.blobs().find(name("app"), sha512("layer")));
    EXPECT_FALSE(s.blobs().was_linked(repo, blob).value());
    EXPECT_TRUE(s.damage().blobs(std::nullopt, 10)->empty());
    return {};
  }));
}

TEST_P(StoreConformance, DamageThatWasNoneIsCleared) {
  const RepositoryId repo = repository("app");
  const Digest blob = record("layer");
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.blobs().link(repo, blob, at(1)));
    TRY(tx.damage().mark_blob(blob, at(2)));
    TRY(tx.damage().clear_blob(blob));
    return tx.damage().clear_blob(sha256("unknown"));
  }));
  EXPECT_OK(read([&](const Snapshot& s) { return s.blobs().find(repo, blob); }));
}

TEST_P(StoreConformance, OnlyWhatIsThereCanBeMarkedAsDamaged) {
  const RepositoryId repo = repository("app");
  const Digest going = record("going");
  const Digest deleted = put(repo, "deleted");
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.blobs().mark_going(going));
    return tx.manifests().remove(repo, deleted, at(1), "bob");
  }));
  for (const Digest& digest : {going, sha256("unknown"), sha512("unknown")}) {
    EXPECT_FAILS(NotFound,
                 write([&](Transaction& tx) { return tx.damage().mark_blob(digest, at(2)); }));
  }
  for (const Digest& digest : {deleted, sha256("unknown")}) {
    EXPECT_FAILS(NotFound, write([&](Transaction& tx) {
                   return tx.damage().mark_manifest(repo, digest, at(2));
                 }));
  }
}

TEST_P(StoreConformance, DamagedManifestIsNotFoundUntilItIsPutAgain) {
  const RepositoryId repo = repository("app");
  NewManifest manifest = new_manifest(repo, "bytes");
  manifest.references = {{sha256("layer"), kLayer}};
  manifest.subject = sha256("subject");
  const Digest digest = manifest.digest;
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.manifests().put(manifest));
    TRY(tx.tags().move(repo, tag("v1"), digest, at(1)));
    TRY_ASSIGN(const bool first, tx.damage().mark_manifest(repo, digest, at(2)));
    EXPECT_TRUE(first);
    TRY_ASSIGN(const bool second, tx.damage().mark_manifest(repo, digest, at(3)));
    EXPECT_FALSE(second);
    return {};
  }));
  ASSERT_OK(read([&](const Snapshot& s) -> Result<void> {
    EXPECT_FAILS(NotFound, s.manifests().find(name("app"), digest));
    EXPECT_FAILS(NotFound, s.manifests().find(name("app"), tag("v1")));
    EXPECT_FAILS(NotFound, s.manifests().find(repo, digest));
    EXPECT_TRUE(s.manifests().list(repo, std::nullopt, 10)->empty());
    EXPECT_TRUE(s.manifests()
                    .referrers({.repository = name("app"), .subject = sha256("subject")})
                    ->rows.empty());
    EXPECT_TRUE(s.manifests().was_deleted(repo, digest).value());
    // What it names stays in use, and its tag stays.
    EXPECT_EQ(s.manifests().references(repo, digest)->size(), 1u);
    EXPECT_TRUE(s.manifests().used_anywhere(sha256("layer")).value());
    EXPECT_EQ(s.tags().find(repo, tag("v1"))->digest, digest);
    EXPECT_EQ(s.damage().manifests(10)->at(0).digest, digest);
    return {};
  }));
  ASSERT_OK(write([&](Transaction& tx) { return tx.manifests().put(manifest); }));
  ASSERT_OK(read([&](const Snapshot& s) -> Result<void> {
    EXPECT_EQ(s.manifests().find(name("app"), tag("v1"))->bytes, "bytes");
    EXPECT_FALSE(s.manifests().was_deleted(repo, digest).value());
    EXPECT_TRUE(s.damage().manifests(10)->empty());
    return {};
  }));
}

TEST_P(StoreConformance, DamagedManifestCanBeDeleted) {
  const RepositoryId repo = repository("app");
  const Digest digest = put(repo, "bytes", {sha256("layer")});
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.damage().mark_manifest(repo, digest, at(2)));
    return tx.manifests().remove(repo, digest, at(3), "bob");
  }));
  EXPECT_FALSE(read([&](const Snapshot& s) {
                 return s.manifests().used_anywhere(sha256("layer"));
               }).value());
  EXPECT_TRUE(read([&](const Snapshot& s) { return s.damage().manifests(10); })->empty());
}

// What names something damaged is touched by it, through any number of indexes; what does not is
// not.
TEST_P(StoreConformance, DamageTouchesWhatNamesIt) {
  const RepositoryId repo = repository("app");
  const RepositoryId other = repository("other");
  const Digest layer = record("layer");
  const auto make = [&](RepositoryId where, std::string_view bytes, const Digest& named,
                        oci::ReferenceKind kind) {
    NewManifest manifest = new_manifest(where, bytes);
    manifest.references = {{named, kind}};
    return write([&](Transaction& tx) { return tx.manifests().put(manifest); }).value();
  };
  ASSERT_OK(write([&](Transaction& tx) -> Result<void> {
    TRY(tx.blobs().record({layer, 5}, sha512("layer"), at(0)));
    return tx.blobs().link(repo, layer, at(1));
  }));
  const Manifest image = make(repo, "image", sha512("layer"), kLayer);
  const Manifest config_alone = make(repo, "config alone", layer, kConfig);
  const Manifest index = make(repo, "index", image.digest, kChild);
  const Manifest index_of_index = make(repo, "index of index", index.digest, kChild);
  const Manifest itself = make(repo, "itself", sha256("itself"), kChild);
  const Manifest without_link = make(other, "image", layer, kLayer);
  const auto touched = [&](const Manifest& manifest) {
    return read([&](const Snapshot& s) { return s.damage().touches(manifest); }).value();
  };
  for (const Manifest& manifest : {image, config_alone, index, index_of_index}) {
    EXPECT_FALSE(touched(manifest));
  }
  ASSERT_OK(write([&](Transaction& tx) { return tx.damage().mark_blob(layer, at(2)); }));
  for (const Manifest& manifest : {image, config_alone, index, index_of_index}) {
    EXPECT_TRUE(touched(manifest));
  }
  EXPECT_FALSE(touched(itself));
  EXPECT_FALSE(touched(without_link));

  record("layer");
  ASSERT_OK(
      write([&](Transaction& tx) { return tx.damage().mark_manifest(repo, image.digest, at(2)); }));
  EXPECT_TRUE(touched(index_of_index));
  EXPECT_TRUE(touched(image));
  EXPECT_FALSE(touched(config_alone));
}

// Who looked before what was found damaged looks again.
TEST_P(StoreConformance, FindingDamageIsALoss) {
  const RepositoryId repo = repository("app");
  const Digest blob = record("layer");
  const Digest manifest = put(repo, "bytes");
  const auto losses = [&] {
    return read([](const Snapshot& s) { return s.holdings().losses(); }).value();
  };
  const std::uint64_t before = losses();
  ASSERT_OK(write([&](Transaction& tx) { return tx.damage().mark_blob(blob, at(1)); }));
  const std::uint64_t between = losses();
  EXPECT_NE(between, before);
  ASSERT_OK(
      write([&](Transaction& tx) { return tx.damage().mark_manifest(repo, manifest, at(1)); }));
  EXPECT_NE(losses(), between);
}

TEST_P(StoreConformance, RowsThatDisagreeWithTheirBytesAreWrittenAnew) {
  const RepositoryId repo = repository("app");
  NewManifest right = new_manifest(repo, "bytes");
  right.references = {{sha256("layer"), kLayer}, {sha256("config"), kConfig}};
  right.subject = sha256("subject");
  right.annotations_json = R"({"a":"b"})";
  const auto agrees = [&] {
    return read([&](const Snapshot& s) { return s.damage().agrees(right); }).value();
  };
  std::vector<NewManifest> wrong(5, right);
  wrong[0].references.pop_back();
  wrong[1].references[0].kind = kChild;
  wrong[2].subject = std::nullopt;
  wrong[3].bytes = "bytez";
  wrong[4].media_type = "application/vnd.other+json";
  ASSERT_OK(write([&](Transaction& tx) { return tx.manifests().put(right); }));
  EXPECT_TRUE(agrees());
  for (const NewManifest& rows : wrong) {
    ASSERT_OK(write([&](Transaction& tx) { return tx.damage().rewrite(rows); }));
    EXPECT_FALSE(agrees());
    ASSERT_OK(write([&](Transaction& tx) { return tx.damage().rewrite(right); }));
    EXPECT_TRUE(agrees());
  }
  EXPECT_EQ(
      read([&](const Snapshot& s) { return s.manifests().references(repo, right.digest); })->size(),
      2u);
  EXPECT_FAILS(NotFound, write([&](Transaction& tx) {
                 return tx.damage().rewrite(new_manifest(repo, "unknown"));
               }));
}

// A push heals bytes and references that nobody had noticed.
TEST_P(StoreConformance, PuttingAManifestAgainWritesWhatDiffersAtRest) {
  const RepositoryId repo = repository("app");
  NewManifest right = new_manifest(repo, "bytes");
  right.references = {{sha256("layer"), kLayer}};
  ASSERT_OK(write([&](Transaction& tx) { return tx.manifests().put(right); }));
  NewManifest flipped = right;
  flipped.bytes = "bytez";
  NewManifest poorer = right;
  poorer.references.clear();
  for (const NewManifest& wrong : {flipped, poorer}) {
    ASSERT_OK(write([&](Transaction& tx) { return tx.damage().rewrite(wrong); }));
    ASSERT_OK(write([&](Transaction& tx) { return tx.manifests().put(right); }));
    EXPECT_TRUE(read([&](const Snapshot& s) { return s.damage().agrees(right); }).value());
  }
}

}  // namespace entrepot::meta::testing
