#include "insight/image.h"

#include <algorithm>

#include "insight/instruction.h"

namespace entrepot::insight {
namespace {

Result<oci::Manifest> parse(const registry::HotManifest& manifest) {
  return oci::parse_manifest(*manifest.bytes, manifest.media_type);
}

}  // namespace

void join(const std::vector<HistoryEntry>& history, Image& image) {
  const auto made = std::count_if(history.begin(), history.end(),
                                  [](const HistoryEntry& each) { return !each.empty_layer; });
  const bool fits = static_cast<std::size_t>(made) == image.layers.size();
  std::size_t at = 0;
  for (const HistoryEntry& entry : history) {
    std::string instruction = instruction_of(entry.created_by);
    if (fits && !entry.empty_layer) {
      Layer& layer = image.layers[at++];
      layer.instruction = std::move(instruction);
      layer.created_at = entry.created_at;
    } else {
      image.empty_steps.push_back(
          {std::move(instruction), entry.created_at, fits ? std::optional(at) : std::nullopt});
    }
  }
}

Result<const oci::Descriptor*> ImageReader::choose(const oci::Manifest& index,
                                                   std::string_view platform) const {
  if (platform.empty()) return find_default(index);
  const auto found = std::find_if(
      index.manifests.begin(), index.manifests.end(), [&](const oci::Descriptor& child) {
        return is_platform(child) && text_of(*child.platform) == platform;
      });
  if (found == index.manifests.end()) {
    return fail(ErrorCode::NotFound, "there is no image for {} in this index", platform);
  }
  return &*found;
}

// The layers of an image manifest, with what its configuration says of them.
Result<void> ImageReader::read_contents(Context& context, const oci::RepositoryName& repository,
                                        const oci::Manifest& manifest, Image& image) const {
  for (const oci::Descriptor& layer : manifest.layers) image.layers.push_back({layer, {}, {}, {}});
  if (kind_of(manifest) != Kind::Image) return {};
  TRY_ASSIGN(auto blob, if_there(pull_.blob(context, repository, manifest.config->digest)));
  if (!blob || blob->size_bytes > kMaxConfigBytes) return {};
  TRY_ASSIGN(const Bytes json, read_all(context, blob->bytes, kMaxConfigBytes));
  auto config = parse_image_config(json);
  if (!config) return {};
  join(config->history, image);
  if (config->diff_ids.size() == image.layers.size()) {
    for (std::size_t i = 0; i < image.layers.size(); ++i) {
      image.layers[i].diff_id = config->diff_ids[i];
    }
  }
  if (!image.platform) {
    if (auto text = text_of(config->platform); !text.empty()) image.platform = std::move(text);
  }
  image.config = *std::move(config);
  return {};
}

Result<void> ImageReader::read_neighbours(Context& context, const oci::RepositoryName& repository,
                                          Image& image) const {
  TRY(meta_.read(context, [&](const meta::Snapshot& snapshot) -> Result<void> {
    image.tags.clear();
    TRY_ASSIGN(const auto found, if_there(snapshot.repositories().find(repository)));
    if (!found) return {};
    TRY_ASSIGN(const auto tags,
               snapshot.tags().pointing_at(found->id, image.digest, Image::kMostTags));
    for (const oci::Tag& tag : tags) image.tags.push_back(tag.str());
    return {};
  }));
  TRY_ASSIGN(auto page, pull_.referrers(context, repository, image.digest, "", std::nullopt,
                                        Image::kMostReferrers));
  image.referrers = std::move(page.descriptors);
  return {};
}

Result<Image> ImageReader::read(Context& context, const oci::RepositoryName& repository,
                                const oci::Reference& reference, std::string_view platform) const {
  TRY_ASSIGN(const auto found, pull_.manifest(context, repository, reference, kLongestManifest));
  if (!found) {
    return fail(ErrorCode::TooLarge, "this manifest has more than {} KiB: look at it as it is",
                kLongestManifest >> 10);
  }
  TRY_ASSIGN(const oci::Digest digest, oci::Digest::parse(found->digest));
  Image image{.digest = digest, .media_type = found->media_type};
  TRY(read_neighbours(context, repository, image));
  const auto manifest = parse(*found);
  if (!manifest) return image;  // an older program took it, and nobody knows what it says
  image.kind = kind_of(*manifest);
  image.artifact_type = manifest->artifact_type;
  image.annotations = manifest->annotations;
  if (image.kind != Kind::Index) {
    TRY(read_contents(context, repository, *manifest, image));
    return image;
  }
  for (const oci::Descriptor& child : manifest->manifests) {
    if (!is_platform(child)) continue;
    image.platforms.push_back({text_of(*child.platform), child.digest, child.size_bytes});
  }
  TRY_ASSIGN(const auto* const chosen, choose(*manifest, platform));
  if (chosen == nullptr) return image;
  if (is_platform(*chosen)) image.platform = text_of(*chosen->platform);
  TRY_ASSIGN(const auto child,
             if_there(pull_.manifest(context, repository, oci::Reference(chosen->digest),
                                     kLongestManifest)));
  if (!child || *child == nullptr) return image;  // pushed without this platform, or too long
  if (auto inside = parse(**child); inside && inside->kind == oci::ManifestKind::Image) {
    image.platform_annotations = std::move(inside->annotations);
    TRY(read_contents(context, repository, *inside, image));
  }
  return image;
}

}  // namespace entrepot::insight
