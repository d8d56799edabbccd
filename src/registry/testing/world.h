#pragma once
// registry/testing/world.h — a whole registry without HTTP, for tests: real metadata, blobs in
// memory.

#include <cstdlib>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/metrics.h"
#include "base/mutex.h"
#include "base/testing/assert_ok.h"
#include "base/testing/fake_clock.h"
#include "blob/testing/memory_store.h"
#include "meta/sqlite/testing/temporary_store.h"
#include "meta/testing/rerunning_store.h"
#include "registry/pull.h"
#include "registry/push.h"
#include "registry/remove.h"
#include "registry/uploads.h"

namespace entrepot::registry::testing {

inline oci::RepositoryName name(std::string_view text) {
  return oci::RepositoryName::parse(text).value();
}
inline oci::Tag tag(std::string_view text) { return oci::Tag::parse(text).value(); }

// The sizes of what tests pushed, so that manifests made by hand tell them right; 3 for the rest.
class Sizes {
 public:
  static void note(std::string_view bytes) {
    const MutexLock lock(mutex());
    for (const auto algorithm : {oci::HashAlgorithm::Sha256, oci::HashAlgorithm::Sha512}) {
      known()[oci::Digest::of(bytes, algorithm).to_string()] = bytes.size();
    }
  }
  static std::size_t of(std::string_view digest) {
    const MutexLock lock(mutex());
    const auto found = known().find(std::string(digest));
    return found == known().end() ? 3 : found->second;
  }

 private:
  static Mutex& mutex() {
    static Mutex one;
    return one;
  }
  static std::map<std::string, std::size_t>& known() {
    static std::map<std::string, std::size_t> sizes;
    return sizes;
  }
};

// Does this run of the tests undo each transaction once and run it again? All tests that stand on a
// World are run both ways (tests/CMakeLists.txt).
inline bool works_run_twice() {
  const char* const works = std::getenv("ENTREPOT_TEST_WORKS");
  return works != nullptr && std::string_view(works) == "twice";
}

// Everything is made with the defaults; `missing` is the one rule that changes what a push may do.
class World {
 public:
  explicit World(MissingReferences missing = MissingReferences::Refuse)
      : metadata(meta::sqlite::testing::open_temporary()),
        cache({}, metrics),
        stores{blobs, store_of_use_cases(), cache, locks, clock, even},
        quarantine(stores, metrics),
        puller(stores, quarantine, kDefaultReviewDelay),
        pusher(stores, missing),
        uploads(stores, quarantine, {}, metrics),
        remover(stores, kDefaultReviewDelay) {
    metadata->store().listen(cache);
  }

  entrepot::testing::FakeClock clock;
  const EvenClock even{clock};
  metrics::Registry metrics;
  blob::testing::MemoryBlobStore blobs{even};
  std::unique_ptr<meta::sqlite::testing::TemporaryStore> metadata;
  meta::testing::RerunningStore twice{metadata->store()};
  HotCache cache;
  DigestLocks locks;
  Stores stores;
  Quarantine quarantine;
  Puller puller;
  Pusher pusher;
  Uploads uploads;
  Remover remover;
  meta::Store& store_of_use_cases() {
    if (works_run_twice()) return twice;
    return metadata->store();
  }

  Context context;
  const access::Subject who = access::Subject::anonymous();

  // Uploads and commits; returns the blob's digest.
  oci::Digest push_blob(const std::string& repository, const std::string& bytes) {
    const auto session = uploads.begin(name(repository), oci::HashAlgorithm::Sha256);
    auto upload = uploads.open(context, session).value();
    EXPECT_OK(upload->write(context, bytes));
    const auto digest = oci::Digest::of(bytes);
    Sizes::note(bytes);
    EXPECT_OK(uploads.commit(context, who, session, *upload, digest));
    return digest;
  }

  // An image manifest over blobs that need not be there.
  static std::string image(const oci::Digest& config, const std::vector<oci::Digest>& layers,
                           const std::string& subject = "") {
    const auto descriptor = [](std::string_view type, const oci::Digest& digest) {
      return fmt::format(R"({{"mediaType":"{}","digest":"{}","size":{}}})", type,
                         digest.to_string(), Sizes::of(digest.to_string()));
    };
    std::string list;
    for (const auto& layer : layers) {
      if (!list.empty()) list += ',';
      list += descriptor("application/vnd.oci.image.layer.v1.tar", layer);
    }
    const std::string tail =
        subject.empty() ? ""
                        : fmt::format(R"(,"subject":{{"mediaType":"{}","digest":"{}","size":3}})",
                                      oci::media_type::kOciManifest, subject);
    return fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{}]{}}})",
                       oci::media_type::kOciManifest,
                       descriptor("application/vnd.oci.image.config.v1+json", config), list, tail);
  }

  Result<PushedManifest> push(const std::string& repository, const std::vector<std::string>& tags,
                              const std::string& bytes) {
    ManifestTarget target;
    for (const auto& text : tags) target.tags.push_back(tag(text));
    Sizes::note(bytes);
    return pusher.push(context, who, name(repository), target, bytes, "");
  }

  // Pushes an image of one layer whose bytes are `layer`; returns the manifest's digest.
  oci::Digest push_image(const std::string& repository, const std::string& tag_text,
                         const std::string& layer) {
    const auto config = push_blob(repository, "{}");
    const auto bytes = image(config, {push_blob(repository, layer)});
    return push(repository, {tag_text}, bytes).value().digest;
  }

  Result<std::string> pull(const std::string& repository, const std::string& reference) {
    TRY_ASSIGN(const auto manifest,
               puller.manifest(context, name(repository), oci::parse_reference(reference).value()));
    return *manifest->bytes;
  }

  bool has_blob(const std::string& repository, const oci::Digest& digest) {
    const auto blob = puller.blob(context, name(repository), digest);
    if (!blob || !blob->review_is_near) return blob.has_value();
    return puller.keep_from_review(context, name(repository), digest).has_value();
  }
};

}  // namespace entrepot::registry::testing
