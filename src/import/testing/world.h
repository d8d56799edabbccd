#pragma once
// import/testing/world.h — a data directory of another registry, and what adopts and serves it.

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/metrics.h"
#include "base/testing/assert_ok.h"
#include "base/testing/fake_clock.h"
#include "base/testing/temporary_directory.h"
#include "blob/fs/store.h"
#include "import/adopt.h"
#include "import/testing/old_registry.h"
#include "meta/sqlite/testing/temporary_store.h"
#include "registry/pull.h"

namespace entrepot::import::testing {

inline oci::RepositoryName name(std::string_view text) {
  return oci::RepositoryName::parse(text).value();
}
inline oci::Tag tag(std::string_view text) { return oci::Tag::parse(text).value(); }

class World {
 public:
  World()
      : old(directory.path()),
        metadata(meta::sqlite::testing::open_temporary()),
        blobs(blob::fs::FsBlobStore::open({.directory = directory.path(), .reserve_bytes = 0})
                  .value()),
        cache({}, metrics),
        stores{*blobs, metadata->store(), cache, locks, clock},
        quarantine(stores, metrics),
        puller(stores, quarantine, registry::kDefaultReviewDelay) {
    metadata->store().listen(cache);
  }

  Adoption::Options options() const {
    return {.data = directory.path(), .review_delay = registry::kDefaultReviewDelay};
  }
  bool is_adoption_needed() {
    return Adoption(*blobs, metadata->store(), clock, options()).is_needed();
  }
  AdoptReport adopt() {
    const auto report = Adoption(*blobs, metadata->store(), clock, options()).run(context);
    EXPECT_OK(report);
    return report ? *report : AdoptReport();
  }

  Result<std::string> pull(const std::string& repository, const std::string& reference) {
    TRY_ASSIGN(const auto manifest,
               puller.manifest(context, name(repository), oci::parse_reference(reference).value()));
    return *manifest->bytes;
  }
  Result<std::string> pull_blob(const std::string& repository, const oci::Digest& digest) {
    TRY_ASSIGN(auto blob, puller.blob(context, name(repository), digest));
    return read_all(context, blob.bytes, 1000);
  }
  std::vector<std::string> tags(const std::string& repository) {
    return puller.tags(context, name(repository), "", 1000).value().names;
  }
  std::vector<std::string> repositories() {
    return puller.repositories(context, "", 1000).value().names;
  }

  template <class Look>
  auto look(Look&& look) -> std::invoke_result_t<Look, const meta::Snapshot&> {
    using Value = typename std::invoke_result_t<Look, const meta::Snapshot&>::value_type;
    return metadata->store().view<Value>(context, look);
  }
  bool waits(const oci::Digest& digest) {
    return look([&](const meta::Snapshot& s) { return s.reviews().contains(digest); }).value();
  }
  oci::Digest digest_of(const std::string& repository, const std::string& of) {
    return look([&](const meta::Snapshot& s) {
             return s.manifests().find(name(repository), tag(of));
           })
        .value()
        .manifest.digest;
  }
  std::vector<meta::TagMove> history(const std::string& repository, const std::string& of) {
    return look([&](const meta::Snapshot& s) -> Result<std::vector<meta::TagMove>> {
             TRY_ASSIGN(const auto home, s.repositories().find(name(repository)));
             return s.tags().history(home.id, tag(of), 100);
           })
        .value();
  }

  entrepot::testing::TemporaryDirectory directory;
  OldRegistry old;
  entrepot::testing::FakeClock clock;
  std::unique_ptr<meta::sqlite::testing::TemporaryStore> metadata;
  std::unique_ptr<blob::fs::FsBlobStore> blobs;
  metrics::Registry metrics;
  registry::HotCache cache;
  registry::DigestLocks locks;
  registry::Stores stores;
  registry::Quarantine quarantine;
  registry::Puller puller;
  Context context;
};

}  // namespace entrepot::import::testing
