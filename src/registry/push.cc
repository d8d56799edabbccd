#include "registry/push.h"

#include <algorithm>
#include <tuple>

#include "registry/home.h"
#include "registry/manifest_row.h"

namespace entrepot::registry {

using oci::Digest;
using oci::ReferenceKind;
using oci::RepositoryName;

namespace {

constexpr std::size_t kLargeFrom = 50;  // references and tags

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
  return fail(ErrorCode::MissingReference, "{} {} {} this repository; push it first", what,
              digest.to_string(), gone ? "is gone from" : "is not in");
}

std::size_t references_of(const oci::Manifest& manifest) {
  return (manifest.config ? 1 : 0) + manifest.layers.size() + manifest.manifests.size();
}

std::vector<const oci::Descriptor*> blobs_of(const oci::Manifest& manifest) {
  std::vector<const oci::Descriptor*> blobs;
  if (manifest.config) blobs.push_back(&*manifest.config);
  for (const oci::Descriptor& layer : manifest.layers) blobs.push_back(&layer);
  return blobs;
}

std::vector<Digest> digests_of(const std::vector<const oci::Descriptor*>& blobs,
                               const std::vector<oci::Descriptor>& children) {
  std::vector<Digest> digests;
  digests.reserve(blobs.size() + children.size());
  for (const oci::Descriptor* blob : blobs) digests.push_back(blob->digest);
  for (const oci::Descriptor& child : children) digests.push_back(child.digest);
  return digests;
}

// In that order they are appended to the table, and not strewn over it.
void sort(std::vector<meta::ManifestReference>& references) {
  std::sort(references.begin(), references.end(), [](const auto& a, const auto& b) {
    return std::tie(a.digest, a.kind) < std::tie(b.digest, b.kind);
  });
}

// What the name that is pushed to stands for now.
Result<std::optional<Digest>> present_at(meta::Transaction& tx, meta::RepositoryId repository,
                                         const ManifestTarget& target, const Digest& digest) {
  return if_there([&]() -> Result<Digest> {
    if (!target.digest && !target.tags.empty()) {
      TRY_ASSIGN(const auto tag, tx.tags().find(repository, target.tags.front()));
      return tag.digest;
    }
    TRY(tx.manifests().find(repository, digest));
    return digest;
  }());
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
    TRY(tx.journal().add(std::move(event)));
  }
  return {};
}

}  // namespace

Result<void> Pusher::require_blob(const oci::Descriptor& blob, const meta::Holding& held) const {
  if (held.blob) return require_size(blob, held.blob->size_bytes);
  if (oci::media_type::is_nondistributable(blob.media_type)) return {};
  if (missing_ == MissingReferences::Expect) return {};
  if (!held.lost_blob && missing_ == MissingReferences::Accept) return {};
  return missing("blob", blob.digest, held.lost_blob);
}

// BuildKit's cache lists layers as children.
Result<void> Pusher::require_child(const oci::Descriptor& child, const meta::Holding& held) const {
  if (held.manifest) return require_size(child, *held.manifest);
  if (held.blob) return require_size(child, held.blob->size_bytes);
  if (missing_ == MissingReferences::Expect) return {};
  if (held.lost_manifest || held.lost_blob) return missing("manifest", child.digest, true);
  return {};
}

// Without a `home` the repository has nothing yet.
Result<Pusher::Verdict> Pusher::judge(const meta::Holdings& holdings,
                                      std::optional<meta::RepositoryId> home,
                                      const oci::Manifest& manifest) const {
  Verdict verdict;
  TRY_ASSIGN(verdict.losses, holdings.losses());
  const auto blobs = blobs_of(manifest);
  std::vector<meta::Holding> held(blobs.size() + manifest.manifests.size());
  if (home) {
    TRY_ASSIGN(held, holdings.of(*home, digests_of(blobs, manifest.manifests)));
  }
  auto next = held.cbegin();
  for (const oci::Descriptor* blob : blobs) TRY(require_blob(*blob, *next++));
  for (const oci::Descriptor& child : manifest.manifests) TRY(require_child(child, *next++));
  for (const meta::Holding& each : held) {
    if (each.blob && each.waits_for_review) verdict.out_of_queue.push_back(each.blob->digest);
  }
  return verdict;
}

Result<Pusher::Verdict> Pusher::look(Context& context, const RepositoryName& repository,
                                     const oci::Manifest& manifest) const {
  return stores_.meta.view<Verdict>(
      context, [&](const meta::Snapshot& snapshot) -> Result<Verdict> {
        TRY_ASSIGN(const auto home, if_there(snapshot.repositories().find(repository)));
        const auto id = home ? std::optional(home->id) : std::nullopt;
        return judge(snapshot.holdings(), id, manifest);
      });
}

Result<PushedManifest> Pusher::push(Context& context, const access::Subject& who,
                                    const RepositoryName& repository, const ManifestTarget& target,
                                    Bytes bytes, std::string_view content_type) {
  TRY_ASSIGN(const oci::Manifest manifest, oci::parse_manifest(bytes, content_type));
  if (references_of(manifest) > kMostReferences) {
    return fail(ErrorCode::InvalidArgument,
                "the manifest names {} blobs and manifests; {} are allowed: split it",
                references_of(manifest), kMostReferences);
  }
  TRY_ASSIGN(const Digest digest, identify(target, bytes));
  TRY(stores_.blobs.require_room(context));
  const WallTime now = stores_.even.wall();
  meta::NewManifest row = to_row(manifest, digest, std::move(bytes));
  row.pushed_at = now;
  row.pushed_by = who.name();
  sort(row.references);
  const events::Event push{.kind = events::EventKind::ManifestPushed,
                           .at = stores_.clock.wall(),
                           .actor = actor_of(who),
                           .repository = repository,
                           .digest = digest};

  TRY_ASSIGN(const Verdict before, look(context, repository, manifest));
  const auto put = [&](meta::Transaction& tx) -> Result<void> {
    TRY_ASSIGN(const auto home, home_of(tx, stores_, who, repository));
    Verdict verdict = before;
    TRY_ASSIGN(const std::uint64_t losses, tx.holdings().losses());
    if (losses != before.losses) {
      TRY_ASSIGN(verdict, judge(tx.holdings(), home.id, manifest));
    }
    TRY(tx.reviews().drop_all(verdict.out_of_queue));
    if (target.precondition.is_set()) {
      TRY_ASSIGN(const auto present, present_at(tx, home.id, target, digest));
      TRY(target.precondition.check(present));
    }
    row.repository = home.id;
    TRY(tx.manifests().put(row));
    return move_tags(tx, home.id, push, target.tags);
  };
  const bool large = references_of(manifest) + target.tags.size() > kLargeFrom;
  TRY(stores_.meta.write(context, {put, large ? meta::Weight::Large : meta::Weight::Small}));

  PushedManifest pushed{digest, std::nullopt, target.tags};
  if (manifest.subject) pushed.subject = manifest.subject->digest;
  return pushed;
}

}  // namespace entrepot::registry
