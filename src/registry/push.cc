#include "registry/push.h"

#include "registry/manifest_row.h"

namespace entrepot::registry {

using oci::Digest;
using oci::ReferenceKind;
using oci::RepositoryName;

namespace {

Result<Digest> identify(const ManifestTarget& target, ByteView bytes) {
  if (!target.digest) return Digest::of(bytes);
  const Digest actual = Digest::of(bytes, target.digest->algorithm());
  if (actual != *target.digest) {
    return fail(ErrorCode::DigestMismatch, "the manifest's bytes are {}, not {}",
                actual.to_string(), target.digest->to_string());
  }
  return actual;
}

Failure missing(std::string_view what, const Digest& digest, bool gone) {
  return fail(kMissingReference, "{} {} {} this repository; push it first", what,
              digest.to_string(), gone ? "is gone from" : "is not in");
}

Result<void> require_size(const oci::Descriptor& named, std::uint64_t stored_bytes) {
  if (named.size_bytes == stored_bytes) return {};
  return fail(ErrorCode::InvalidArgument, "{} has {} bytes here, not {} as the manifest says",
              named.digest.to_string(), stored_bytes, named.size_bytes);
}

// One journal row for the push, or one for each tag that it moved.
Result<void> move_tags(meta::Transaction& tx, meta::RepositoryId repository,
                       const events::Event& push, const std::vector<oci::Tag>& tags) {
  if (tags.empty()) return tx.journal().add(push);
  for (const oci::Tag& tag : tags) {
    events::Event event = push;
    event.tag = tag;
    TRY_ASSIGN(event.previous, tx.tags().move(repository, tag, *push.digest, push.at));
    TRY(tx.journal().add(event));
  }
  return {};
}

}  // namespace

Result<void> Pusher::require_blob(meta::Transaction& tx, meta::RepositoryId repository,
                                  const oci::Descriptor& blob) const {
  const auto held = tx.blobs().find(repository, blob.digest);
  if (held) {
    TRY(require_size(blob, held->size_bytes));
    return tx.reviews().drop(held->digest);
  }
  if (held.error().code != ErrorCode::NotFound) return Failure(held.error());
  if (oci::media_type::is_nondistributable(blob.media_type)) return {};
  TRY_ASSIGN(const bool gone, tx.blobs().was_linked(repository, blob.digest));
  if (!gone && missing_ == MissingReferences::Accept) return {};
  return missing("blob", blob.digest, gone);
}

Result<void> Pusher::require_child(meta::Transaction& tx, meta::RepositoryId repository,
                                   const oci::Descriptor& child) {
  const auto manifest = tx.manifests().find(repository, child.digest);
  if (manifest) return require_size(child, manifest->size_bytes);
  const auto blob = tx.blobs().find(repository, child.digest);  // BuildKit's cache lists layers
  if (blob) {
    TRY(require_size(child, blob->size_bytes));
    return tx.reviews().drop(blob->digest);
  }
  TRY_ASSIGN(const bool manifest_gone, tx.manifests().was_deleted(repository, child.digest));
  TRY_ASSIGN(const bool blob_gone, tx.blobs().was_linked(repository, child.digest));
  if (manifest_gone || blob_gone) return missing("manifest", child.digest, true);
  return {};
}

Result<void> Pusher::require_references(meta::Transaction& tx, meta::RepositoryId repository,
                                        const oci::Manifest& manifest) const {
  if (manifest.config) TRY(require_blob(tx, repository, *manifest.config));
  for (const auto& layer : manifest.layers) TRY(require_blob(tx, repository, layer));
  for (const auto& child : manifest.manifests) TRY(require_child(tx, repository, child));
  return {};
}

Result<PushedManifest> Pusher::push(Context& context, const access::Subject& who,
                                    const RepositoryName& repository, const ManifestTarget& target,
                                    Bytes bytes, std::string_view content_type) {
  TRY_ASSIGN(const oci::Manifest manifest, oci::parse_manifest(bytes, content_type));
  TRY_ASSIGN(const Digest digest, identify(target, bytes));
  TRY(stores_.blobs.require_room(context));
  const WallTime now = stores_.clock.wall();
  meta::NewManifest row = to_row(manifest, digest, std::move(bytes));
  row.pushed_at = now;
  row.pushed_by = who.name();
  const events::Event push{events::EventKind::ManifestPushed,
                           now,
                           row.pushed_by,
                           repository,
                           digest,
                           std::nullopt,
                           std::nullopt};

  TRY(stores_.meta.write(context, [&](meta::Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const auto home, tx.repositories().find_or_create(repository, now));
    TRY(require_references(tx, home.id, manifest));
    row.repository = home.id;
    TRY(tx.manifests().put(row));
    return move_tags(tx, home.id, push, target.tags);
  }));

  for (const oci::Tag& tag : target.tags) {
    stores_.cache.invalidate_manifest(repository.str(), tag.str());
  }
  PushedManifest pushed{digest, std::nullopt, target.tags};
  if (manifest.subject) pushed.subject = manifest.subject->digest;
  return pushed;
}

}  // namespace entrepot::registry
