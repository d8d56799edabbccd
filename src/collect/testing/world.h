#pragma once
// collect/testing/world.h — a registry without HTTP whose deleted things can be collected.

#include <optional>
#include <string>

#include "collect/collector.h"
#include "registry/testing/world.h"

namespace entrepot::collect::testing {

using registry::testing::name;
using registry::testing::tag;

class World : public registry::testing::World {
 public:
  explicit World(registry::MissingReferences missing = registry::MissingReferences::Refuse)
      : registry::testing::World(missing), reviewer(stores) {}

  Reviewer reviewer;

  // The terms of a pass now.
  Terms terms() { return Terms::at(clock.wall(), kDelay, kDelay); }

  static constexpr std::chrono::microseconds kDelay = registry::kDefaultReviewDelay;

  // Lets the time of reviews that wait now come.
  void let_the_delay_pass() { clock.advance(kDelay + std::chrono::seconds(1)); }

  void remove_manifest(const std::string& repository, const oci::Digest& digest) {
    ASSERT_OK(remover.manifest(context, who, name(repository), digest));
  }

  // Bytes in the store that no row knows: what a crash between the file and its row leaves.
  oci::Digest put_bytes(const std::string& bytes) {
    auto upload =
        blobs.start(context, blob::UploadId::random(), oci::HashAlgorithm::Sha256).value();
    EXPECT_OK(upload->write(context, bytes));
    EXPECT_OK(upload->commit(context, oci::Digest::of(bytes)));
    return oci::Digest::of(bytes);
  }

  oci::Digest pull_digest(const std::string& repository, const std::string& of) {
    return oci::Digest::of(pull(repository, of).value());
  }

  meta::RepositoryId id_of(const std::string& repository) {
    return look([&](const meta::Snapshot& s) { return s.repositories().find(name(repository)); })
        .value()
        .id;
  }

  bool waits(const oci::Digest& digest) {
    return look([&](const meta::Snapshot& s) { return s.reviews().contains(digest); }).value();
  }

  bool has_bytes(const oci::Digest& digest) { return blobs.stat(context, digest).has_value(); }

  // Without a look at the blob, which would put its review back.
  bool is_linked(const std::string& repository, const oci::Digest& digest) {
    return look([&](const meta::Snapshot& s) { return s.blobs().find(name(repository), digest); })
        .has_value();
  }

  template <class Look>
  auto look(Look&& look) -> std::invoke_result_t<Look, const meta::Snapshot&> {
    using Value = typename std::invoke_result_t<Look, const meta::Snapshot&>::value_type;
    return metadata->store().view<Value>(context, look);
  }

  template <class Work>
  Result<void> write(Work&& work) {
    return metadata->store().write(context, work);
  }
};

}  // namespace entrepot::collect::testing
