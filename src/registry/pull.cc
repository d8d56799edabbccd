#include "registry/pull.h"

#include <algorithm>

#include "registry/verify.h"

namespace entrepot::registry {

using oci::RepositoryName;

namespace {

constexpr std::size_t kReferrersPageBytes = 4u << 20;

// A blob that waits for review is answered from memory while the review is far off, and for so long
// at most: a client that reads it in a thousand ranges costs one look-up.
constexpr std::chrono::microseconds kHotBeforeReview = std::chrono::seconds(10);

// Cuts a list that was read one entry too long, to know whether more follow.
template <class Name>
NamePage to_page(const std::vector<Name>& names, std::size_t limit) {
  NamePage page;
  page.more = names.size() > limit;
  for (std::size_t i = 0; i < names.size() && i < limit; ++i) page.names.push_back(names[i].str());
  return page;
}

Result<oci::Descriptor> to_descriptor(const meta::Referrer& referrer) {
  TRY_ASSIGN(auto annotations, oci::annotations_from_json(referrer.annotations_json));
  return oci::Descriptor{.media_type = referrer.media_type,
                         .digest = referrer.digest,
                         .size_bytes = referrer.size_bytes,
                         .artifact_type = referrer.artifact_type,
                         .annotations = std::move(annotations),
                         .urls = {},
                         .platform = std::nullopt};
}

// Whatever a damaged row says, its manifest is not longer than any length.
bool is_longer(const meta::Manifest& manifest, std::uint64_t most_bytes) {
  return most_bytes != kAnyLength && manifest.size_bytes > most_bytes;
}

Failure not_served(Finding finding, std::string_view what, std::string_view name) {
  if (finding == Finding::Fine) {
    return fail(ErrorCode::Unavailable, "{} {} was damaged, and healed just now", what, name);
  }
  return fail(ErrorCode::NotFound, "{} {} is damaged here; push it again", what, name);
}

}  // namespace

std::shared_ptr<const HotManifest> Puller::manifest_from_memory(std::string_view repository,
                                                                std::string_view reference) const {
  auto manifest = stores_.cache.find_manifest(repository, reference);
  if (manifest && manifest->until && stores_.clock.steady() >= *manifest->until) return nullptr;
  return manifest;
}

Result<meta::StoredManifest> Puller::find_manifest(Context& context,
                                                   const RepositoryName& repository,
                                                   const oci::Reference& reference,
                                                   std::uint64_t most_bytes) const {
  bool names_damage = false;
  TRY_ASSIGN(auto stored,
             stores_.meta.view<meta::StoredManifest>(
                 context, [&](const meta::Snapshot& snapshot) -> Result<meta::StoredManifest> {
                   TRY_ASSIGN(auto found,
                              snapshot.manifests().find(repository, reference, most_bytes));
                   TRY_ASSIGN(names_damage, snapshot.damage().touches(found.manifest));
                   return found;
                 }));
  const oci::Digest& digest = stored.manifest.digest;
  if (names_damage) {
    return fail(ErrorCode::NotFound, "{} names bytes that are damaged here; push the image again",
                digest.to_string());
  }
  if (is_longer(stored.manifest, most_bytes)) return stored;
  if (oci::Digest::of(stored.bytes, digest.algorithm()) == digest) return stored;
  TRY_ASSIGN(const Finding finding, quarantine_.manifest(context, repository, digest));
  return not_served(finding, "manifest", digest.to_string());
}

Result<std::shared_ptr<const HotManifest>> Puller::manifest(Context& context,
                                                            const RepositoryName& repository,
                                                            const oci::Reference& reference,
                                                            std::uint64_t most_bytes,
                                                            std::optional<SteadyTime> until) const {
  const std::string text = to_string(reference);
  const auto ticket = stores_.cache.manifest_ticket(repository.str(), text);
  TRY_ASSIGN(auto stored, find_manifest(context, repository, reference, most_bytes));
  if (is_longer(stored.manifest, most_bytes)) return std::shared_ptr<const HotManifest>();
  if (oci::media_type::is_schema1(stored.manifest.media_type)) {  // kept for going back
    return fail(ErrorCode::NotFound, "{} is a manifest of schema 1, which is not served", text);
  }
  auto manifest = std::make_shared<const HotManifest>(
      HotManifest{stored.manifest.digest.to_string(), std::move(stored.manifest.media_type),
                  std::make_shared<const std::string>(std::move(stored.bytes)), until,
                  std::make_shared<Tally>()});
  stores_.cache.fill_manifest(ticket, repository.str(), text, manifest);
  return manifest;
}

std::shared_ptr<const HotBlob> Puller::blob_from_memory(std::string_view repository,
                                                        std::string_view digest) const {
  auto blob = stores_.cache.find_blob(repository, digest);
  if (blob && blob->until && stores_.clock.steady() >= *blob->until) return nullptr;
  return blob;
}

Result<Puller::FoundBlob> Puller::find_blob(Context& context, const RepositoryName& repository,
                                            const oci::Digest& digest) const {
  return stores_.meta.view<FoundBlob>(
      context, [&](const meta::Snapshot& snapshot) -> Result<FoundBlob> {
        TRY_ASSIGN(auto blob, snapshot.blobs().find(repository, digest));
        TRY_ASSIGN(const auto due_at, if_there(snapshot.reviews().due_at(blob.digest)));
        return FoundBlob{std::move(blob), due_at};
      });
}

// Pulls go on while the metadata cannot be written: nor can the collector then, and a manifest that
// refers to what is gone is refused.
Result<void> Puller::keep_from_review(Context& context, const RepositoryName& repository,
                                      const oci::Digest& digest) const {
  const WallTime later = stores_.even.wall() + review_delay_;
  auto pushed = stores_.meta.write(context, [&](meta::Transaction& tx) -> Result<void> {
    // Looked at again inside the transaction: the collector may have been quicker.
    TRY_ASSIGN(const meta::Blob blob, tx.blobs().find(repository, digest));
    return tx.reviews().push_back(blob.digest, later);
  });
  if (pushed) return pushed;
  const ErrorCode code = pushed.error().code;
  if (code == ErrorCode::Unavailable || code == ErrorCode::StorageFull) return {};
  return pushed;
}

Result<OpenBlob> Puller::blob(Context& context, const RepositoryName& repository,
                              const oci::Digest& digest) const {
  const std::string text = digest.to_string();
  const auto ticket = stores_.cache.blob_ticket(text);
  const SteadyTime begun = stores_.clock.steady();
  TRY_ASSIGN(const FoundBlob found, find_blob(context, repository, digest));
  const meta::Blob& blob = found.blob;
  TRY_ASSIGN(Opened opened, open_whole(context, stores_.blobs, blob));
  if (opened.sighting) {
    TRY_ASSIGN(const Finding finding, quarantine_.blob(context, blob.digest, *opened.sighting));
    return not_served(finding, "blob", text);
  }
  Source& bytes = opened.bytes;
  // A review that is far off already is left alone: else each of many pulls would cost a commit.
  const WallTime far_off = stores_.even.wall() + review_delay_ - review_delay_ / 10;
  const bool review_is_near = found.due_at && *found.due_at < far_off;
  // An alias is not kept: invalidation speaks of the stored digest.
  if (!review_is_near && digest == blob.digest) {
    FileRange* file = bytes.file();
    HotBlob hot{text, blob.size_bytes, file ? file->file : nullptr, std::nullopt};
    if (found.due_at) hot.until = begun + std::min(*found.due_at - far_off, kHotBeforeReview);
    stores_.cache.fill_blob(ticket, repository.str(),
                            std::make_shared<const HotBlob>(std::move(hot)));
  }
  return OpenBlob{blob.size_bytes, std::move(bytes), review_is_near};
}

Result<void> Puller::look_again(Context& context, const oci::Digest& digest,
                                std::uint64_t offset_bytes) const {
  TRY_ASSIGN(const auto blob,
             if_there(stores_.meta.view<meta::Blob>(context, [&](const meta::Snapshot& snapshot) {
               return snapshot.blobs().find_anywhere(digest);
             })));
  if (!blob) return {};
  TRY_ASSIGN(Opened opened, open_whole(context, stores_.blobs, *blob));
  if (!opened.sighting) {
    char byte = 0;
    const auto got = read_some(context, opened.bytes, offset_bytes, {&byte, 1});
    if (got) return {};
    if (got.error().code != ErrorCode::Corrupt) return Failure(got.error());
    const FileRange* file = opened.bytes.file();
    opened.sighting = Sighting{Symptom::Unreadable, file != nullptr ? file->file : nullptr};
  }
  TRY(quarantine_.blob(context, blob->digest, *opened.sighting));
  return {};
}

Result<NamePage> Puller::tags(Context& context, const RepositoryName& repository,
                              std::string_view after, std::size_t limit) const {
  return stores_.meta.view<NamePage>(
      context, [&](const meta::Snapshot& snapshot) -> Result<NamePage> {
        TRY_ASSIGN(const auto found, snapshot.repositories().find(repository));
        TRY_ASSIGN(const auto tags, snapshot.tags().list(found.id, after, limit + 1));
        return to_page(tags, limit);
      });
}

Result<NamePage> Puller::repositories(Context& context, std::string_view after, std::size_t limit,
                                      std::string_view name_space) const {
  return stores_.meta.view<NamePage>(
      context, [&](const meta::Snapshot& snapshot) -> Result<NamePage> {
        const meta::Repositories& all = snapshot.repositories();
        TRY_ASSIGN(const auto names, name_space.empty()
                                         ? all.list(after, limit + 1)
                                         : all.list_below(name_space, after, limit + 1));
        return to_page(names, limit);
      });
}

Result<ReferrerPage> Puller::referrers(Context& context, const RepositoryName& repository,
                                       const oci::Digest& subject, std::string_view artifact_type,
                                       const std::optional<oci::Digest>& after,
                                       std::size_t limit) const {
  const meta::ReferrerQuery query{.repository = repository,
                                  .subject = subject,
                                  .artifact_type = std::string(artifact_type),
                                  .after = after,
                                  .limit = limit,
                                  .limit_bytes = kReferrersPageBytes};
  TRY_ASSIGN(const auto found,
             stores_.meta.view<meta::ReferrerRows>(context, [&](const meta::Snapshot& snapshot) {
               return snapshot.manifests().referrers(query);
             }));
  ReferrerPage page;
  page.more = found.more;
  for (const meta::Referrer& row : found.rows) {
    TRY_ASSIGN(auto descriptor, to_descriptor(row));
    page.descriptors.push_back(std::move(descriptor));
  }
  return page;
}

}  // namespace entrepot::registry
