#pragma once
// registry/push.h — pushing a manifest.

#include <optional>
#include <string_view>
#include <vector>

#include "access/subject.h"
#include "oci/manifest.h"
#include "oci/name.h"
#include "registry/precondition.h"
#include "registry/stores.h"

namespace entrepot::registry {

// Under what the client wants the manifest: a digest, tags, or both. Without a digest its sha256 is
// taken.
struct ManifestTarget {
  std::optional<oci::Digest> digest;
  std::vector<oci::Tag> tags;
  // Of the digest if it is given, else of the first tag.
  Precondition precondition = {};
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
  Expect,  // they come when somebody asks for them, what is gone from here as well
};

// More config, layers and children than this are refused: what a manifest names is written while
// every other push waits.
inline constexpr std::size_t kMostReferences = 10'000;

// Thread-safe; blocks.
class Pusher {
 public:
  Pusher(Stores stores, MissingReferences missing) : stores_(stores), missing_(missing) {}

  // Makes `bytes` a manifest of the repository and points the tags at it, in one transaction:
  // manifest, references, tag moves, journal. What it names is looked up before that; the
  // transaction looks again only if something was taken away meanwhile, so its own time hardly
  // grows. On success all of it is durable and visible; on an
  // error nothing is. Spec: "Pushing Manifests" (end-7a, end-7b).
  //
  // The subject need not exist. Children of an index need not exist. Config and layers must, but
  // for non-distributable layers, unless missing references are accepted. What the repository had
  // and lost since is never accepted, so that the client uploads it again. Of what is there the
  // size must be the descriptor's. Errors: InvalidArgument (the bytes, a size, or more than
  // kMostReferences), DigestMismatch, Unsupported (schema 1), TooLarge, MissingReference (with its
  // digest), PreconditionFailed (looked at last), StorageFull (what is left is kept for deletes).
  Result<PushedManifest> push(Context& context, const access::Subject& who,
                              const oci::RepositoryName& repository, const ManifestTarget& target,
                              Bytes bytes, std::string_view content_type);

 private:
  // What a look at a manifest's references found: they may be named.
  struct Verdict {
    std::uint64_t losses = 0;               // Holdings::losses() of that look
    std::vector<oci::Digest> out_of_queue;  // blobs that need no review any more
  };
  Result<Verdict> look(Context& context, const oci::RepositoryName& repository,
                       const oci::Manifest& manifest) const;
  Result<Verdict> judge(const meta::Holdings& holdings, std::optional<meta::RepositoryId> home,
                        const oci::Manifest& manifest) const;
  Result<void> require_blob(const oci::Descriptor& blob, const meta::Holding& held) const;
  Result<void> require_child(const oci::Descriptor& child, const meta::Holding& held) const;

  const Stores stores_;
  const MissingReferences missing_;
};

}  // namespace entrepot::registry
