#include "scrub/losses.h"

#include "oci/manifest_at_rest.h"

namespace entrepot::scrub {

using oci::RepositoryName;

namespace {

constexpr std::size_t kRepositories = 100;
constexpr std::size_t kTags = 100;

// The first config or layer that the repository has not. "" when it has all.
Result<std::string> missing_blob(const meta::Snapshot& snapshot,
                                 const meta::StoredManifest& stored) {
  const auto read = oci::read_manifest_at_rest(stored.bytes, stored.manifest.media_type);
  for (const oci::NamedDigest& blob : read.named) {
    if (blob.kind == oci::ReferenceKind::Child) continue;
    if (oci::media_type::is_nondistributable(blob.media_type)) continue;
    TRY_ASSIGN(const bool held,
               is_there(snapshot.blobs().find(stored.manifest.repository, blob.digest)));
    if (held) continue;
    return fmt::format("{} is not there", blob.digest.to_string());
  }
  return std::string();
}

// Why the tag's image is not whole. "" when it is.
Result<std::string> why_not_whole(const meta::Snapshot& snapshot, const RepositoryName& repository,
                                  const oci::Tag& tag) {
  TRY_ASSIGN(const auto stored,
             if_there(snapshot.manifests().find(repository, oci::Reference(tag))));
  if (!stored) return std::string("its manifest is damaged");
  TRY_ASSIGN(const bool touched, snapshot.damage().touches(stored->manifest));
  if (touched) return std::string("what it names is damaged");
  return missing_blob(snapshot, *stored);
}

Result<void> find_in(Context& context, meta::Store& meta, const RepositoryName& repository,
                     const Tell& tell) {
  std::string after;
  while (true) {
    TRY(context.alive());
    std::vector<Loss> losses;
    std::size_t seen = 0;
    TRY(meta.read(context, [&](const meta::Snapshot& snapshot) -> Result<void> {
      losses.clear();
      TRY_ASSIGN(const auto home, snapshot.repositories().find(repository));
      TRY_ASSIGN(const auto tags, snapshot.tags().list(home.id, after, kTags));
      seen = tags.size();
      for (const oci::Tag& tag : tags) {
        TRY_ASSIGN(auto why, why_not_whole(snapshot, repository, tag));
        if (!why.empty()) losses.push_back({repository.str(), tag.str(), std::move(why)});
      }
      if (!tags.empty()) after = tags.back().str();
      return {};
    }));
    for (const Loss& loss : losses) tell(loss);
    if (seen < kTags) return {};
  }
}

}  // namespace

Result<void> find_losses(Context& context, meta::Store& meta, const Tell& tell) {
  std::string after;
  while (true) {
    TRY_ASSIGN(const auto names,
               meta.view<std::vector<RepositoryName>>(context, [&](const meta::Snapshot& snapshot) {
                 return snapshot.repositories().list(after, kRepositories);
               }));
    for (const RepositoryName& name : names) {
      TRY(if_there(find_in(context, meta, name, tell)));
    }
    if (names.size() < kRepositories) return {};
    after = names.back().str();
  }
}

}  // namespace entrepot::scrub
