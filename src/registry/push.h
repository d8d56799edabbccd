#pragma once
// registry/push.h — pushing a manifest.

#include <optional>
#include <string_view>
#include <vector>

#include "access/subject.h"
#include "oci/manifest.h"
#include "oci/name.h"
#include "registry/stores.h"

namespace entrepot::registry {

// Under what the client wants the manifest: a digest, tags, or both. Without a digest its sha256 is
// taken.
struct ManifestTarget {
  std::optional<oci::Digest> digest;
  std::vector<oci::Tag> tags;
};

struct PushedManifest {
  oci::Digest digest;
  std::optional<oci::Digest> subject;
  std::vector<oci::Tag> tags;
};

// What becomes of a manifest whose config or layers the repository never had.
enum class MissingReferences {
  Refuse,
  Accept,  // sparse manifests: they may arrive later
};

// A reference that the repository lacks fails with this code; the digest is in the message. (The
// client's own input is InvalidArgument.)
inline constexpr ErrorCode kMissingReference = ErrorCode::NotFound;

// Thread-safe; blocks.
class Pusher {
 public:
  Pusher(Stores stores, MissingReferences missing) : stores_(stores), missing_(missing) {}

  // Makes `bytes` a manifest of the repository and points the tags at it, in one transaction:
  // manifest, references, tag moves, journal. On success all of it is durable and visible; on an
  // error nothing is. Spec: "Pushing Manifests" (end-7a, end-7b).
  //
  // The subject need not exist. Children of an index need not exist. Config and layers must, but
  // for non-distributable layers, unless missing references are accepted. What the repository had
  // and lost since is never accepted, so that the client uploads it again. Of what is there the
  // size must be the descriptor's. Errors: InvalidArgument (the bytes, a size), DigestMismatch,
  // Unsupported (schema 1), TooLarge, kMissingReference, StorageFull (what is left is kept for
  // deletes).
  Result<PushedManifest> push(Context& context, const access::Subject& who,
                              const oci::RepositoryName& repository, const ManifestTarget& target,
                              Bytes bytes, std::string_view content_type);

 private:
  Result<void> require_references(meta::Transaction& tx, meta::RepositoryId repository,
                                  const oci::Manifest& manifest) const;
  Result<void> require_blob(meta::Transaction& tx, meta::RepositoryId repository,
                            const oci::Descriptor& blob) const;
  static Result<void> require_child(meta::Transaction& tx, meta::RepositoryId repository,
                                    const oci::Descriptor& child);

  const Stores stores_;
  const MissingReferences missing_;
};

}  // namespace entrepot::registry
