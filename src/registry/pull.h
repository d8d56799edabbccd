#pragma once
// registry/pull.h — reading: manifests, blobs, tags, the catalog, referrers.

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "oci/manifest.h"
#include "oci/name.h"
#include "registry/quarantine.h"
#include "registry/stores.h"

namespace entrepot::registry {

// A page of names in ascending ASCII order; `more` when others follow the last one.
struct NamePage {
  std::vector<std::string> names;
  bool more = false;
};

struct ReferrerPage {
  std::vector<oci::Descriptor> descriptors;
  bool more = false;
};

inline constexpr std::uint64_t kAnyLength = INT64_MAX;

struct OpenBlob {
  std::uint64_t size_bytes = 0;
  Source bytes;
  bool review_is_near = false;  // keep_from_review() has to succeed before anybody is told of it
};

// Everything that changes nothing, but for what it finds damaged, which it sets aside (Quarantine):
// damaged bytes are not found, and neither is a manifest that names some, until they are pushed
// again. Manifests are hashed whenever they come from the store; the bytes of blobs are not, only
// their size is compared (scrub/ reads them). Thread-safe; blocks, but for *_from_memory, which
// event loops may call. What may be read by whom is the caller's question to `access`, before.
class Puller {
 public:
  // `review_delay`: how far a look at a blob that waits for review pushes the review back.
  Puller(Stores stores, Quarantine& quarantine, std::chrono::microseconds review_delay)
      : stores_(stores), quarantine_(quarantine), review_delay_(review_delay) {}

  // Null: ask manifest(). The texts are as in a path and need not be valid.
  std::shared_ptr<const HotManifest> manifest_from_memory(std::string_view repository,
                                                          std::string_view reference) const;
  // Null when it is longer than `most_bytes`, of which nothing was read then. Memory tells of it no
  // longer than `until`. NotFound.
  Result<std::shared_ptr<const HotManifest>> manifest(Context& context,
                                                      const oci::RepositoryName& repository,
                                                      const oci::Reference& reference,
                                                      std::uint64_t most_bytes = kAnyLength,
                                                      std::optional<SteadyTime> until = {}) const;

  // Null: ask blob().
  std::shared_ptr<const HotBlob> blob_from_memory(std::string_view repository,
                                                  std::string_view digest) const;
  // The blob, if this repository has it, opened. NotFound.
  Result<OpenBlob> blob(Context& context, const oci::RepositoryName& repository,
                        const oci::Digest& digest) const;

  // For who could not read this byte of a blob that was being sent: sets the blob aside when it is
  // short, or still cannot be read there. Unavailable: the store is in trouble.
  Result<void> look_again(Context& context, const oci::Digest& digest,
                          std::uint64_t offset_bytes) const;

  // Who looks at a blob may be about to refer to it: one that waits for the collector's review is
  // told of only if it is safe from that for nine tenths of the delay. Pushes a nearer review back,
  // which waits for a commit. Left out when the metadata cannot be written. NotFound: the collector
  // was quicker.
  Result<void> keep_from_review(Context& context, const oci::RepositoryName& repository,
                                const oci::Digest& digest) const;

  // NotFound for a repository that never was, or has been empty for more than a day.
  Result<NamePage> tags(Context& context, const oci::RepositoryName& repository,
                        std::string_view after, std::size_t limit) const;
  // Those that hold a manifest; of a namespace, if one is named, the empty ones as well.
  Result<NamePage> repositories(Context& context, std::string_view after, std::size_t limit,
                                std::string_view name_space = "") const;

  // Manifests whose subject is `subject`; empty for an unknown one, and in an unknown repository.
  // `artifact_type` "" = any. A page ends early rather than grow past 4 MiB.
  Result<ReferrerPage> referrers(Context& context, const oci::RepositoryName& repository,
                                 const oci::Digest& subject, std::string_view artifact_type,
                                 const std::optional<oci::Digest>& after, std::size_t limit) const;

 private:
  // A blob, and when it is due for review, if it is.
  struct FoundBlob {
    meta::Blob blob;
    std::optional<WallTime> due_at;
  };
  Result<FoundBlob> find_blob(Context& context, const oci::RepositoryName& repository,
                              const oci::Digest& digest) const;

  // The manifest, which names nothing that is damaged, and whose bytes are right, if it is not too
  // long to be looked at.
  Result<meta::StoredManifest> find_manifest(Context& context,
                                             const oci::RepositoryName& repository,
                                             const oci::Reference& reference,
                                             std::uint64_t most_bytes) const;

  const Stores stores_;
  Quarantine& quarantine_;
  const std::chrono::microseconds review_delay_;
};

}  // namespace entrepot::registry
