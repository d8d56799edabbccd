#include "insight/tags.h"

#include <algorithm>

#include "insight/image_config.h"

namespace entrepot::insight {
namespace {

// Of platforms and types: what is longer is none that a row could show.
constexpr std::size_t kLongestName = 255;

// What can be read of a manifest; nothing for what is too long, damaged, or of no form we know.
Result<std::optional<oci::Manifest>> read(const meta::Snapshot& snapshot,
                                          const oci::RepositoryName& repository,
                                          const oci::Digest& digest) {
  TRY_ASSIGN(const auto stored, if_there(snapshot.manifests().find(
                                    repository, oci::Reference(digest), kLongestManifest)));
  if (!stored || stored->bytes.empty()) return std::nullopt;
  auto parsed = oci::parse_manifest(stored->bytes, stored->manifest.media_type);
  return parsed ? std::optional(*std::move(parsed)) : std::nullopt;
}

void note_layers(const std::vector<oci::Descriptor>& layers, Contents& contents) {
  contents.size_bytes = size_of(layers);
  if (layers.size() > Contents::kMostLayers) return;
  contents.layers.emplace();
  for (const oci::Descriptor& layer : layers) {
    contents.layers->push_back({layer.digest, layer.size_bytes});
  }
}

Result<Contents> contents_of(const meta::Snapshot& snapshot, const oci::RepositoryName& repository,
                             const oci::Digest& digest) {
  Contents contents;
  TRY_ASSIGN(auto manifest, read(snapshot, repository, digest));
  if (!manifest) return contents;
  contents.kind = kind_of(*manifest);
  if (manifest->artifact_type.size() <= kLongestName) {
    contents.artifact_type = std::move(manifest->artifact_type);
  }
  if (contents.kind != Kind::Index) {
    note_layers(manifest->layers, contents);
    return contents;
  }
  contents.platforms.emplace();
  for (const oci::Descriptor& child : manifest->manifests) {
    if (contents.platforms->size() == Contents::kMostPlatforms) break;
    if (is_platform(child)) contents.platforms->push_back(text_of(*child.platform));
  }
  if (const oci::Descriptor* const chosen = find_default(*manifest)) {
    TRY_ASSIGN(auto child, read(snapshot, repository, chosen->digest));
    if (child && child->kind == oci::ManifestKind::Image) note_layers(child->layers, contents);
  }
  return contents;
}

}  // namespace

std::string_view name_of(Kind kind) {
  switch (kind) {
    case Kind::Image:
      return "image";
    case Kind::Index:
      return "index";
    case Kind::Artifact:
      return "artifact";
    case Kind::Unknown:
      break;
  }
  return "unknown";
}

Kind kind_of(const oci::Manifest& manifest) {
  if (manifest.kind == oci::ManifestKind::Index) return Kind::Index;
  const bool runs = manifest.config && is_image_config(manifest.config->media_type);
  return runs ? Kind::Image : Kind::Artifact;
}

bool is_platform(const oci::Descriptor& child) {
  if (!child.platform || child.platform->os.empty() || child.platform->os == "unknown")
    return false;
  return text_of(*child.platform).size() <= kLongestName;
}

const oci::Descriptor* find_default(const oci::Manifest& index) {
  const auto& children = index.manifests;
  const auto at = [&](auto found) { return found == children.end() ? nullptr : &*found; };
  const auto* const usual =
      at(std::find_if(children.begin(), children.end(), [](const oci::Descriptor& child) {
        return is_platform(child) && text_of(*child.platform) == "linux/amd64";
      }));
  if (usual != nullptr) return usual;
  const auto* const first = at(std::find_if(children.begin(), children.end(), is_platform));
  if (first != nullptr) return first;
  return children.empty() ? nullptr : &children.front();
}

std::uint64_t size_of(const std::vector<oci::Descriptor>& layers) {
  std::uint64_t size_bytes = 0;
  for (const oci::Descriptor& layer : layers) size_bytes += layer.size_bytes;
  return size_bytes;
}

Result<TagPage> find_tags(const meta::Snapshot& snapshot, const oci::RepositoryName& repository,
                          meta::TagQuery query) {
  TRY_ASSIGN(const meta::Repository found, snapshot.repositories().find(repository));
  const std::size_t wanted = query.limit;
  query.repository = found.id;
  query.limit = wanted + 1;
  TRY_ASSIGN(auto rows, snapshot.tags().page(query));
  TagPage page;
  page.more = rows.size() > wanted;
  if (page.more) rows.pop_back();
  for (meta::TagRow& row : rows) {
    TRY_ASSIGN(const meta::Manifest manifest, snapshot.manifests().find(found.id, row.digest));
    TRY_ASSIGN(const auto moves, snapshot.tags().history(found.id, row.tag, 1));
    TRY_ASSIGN(Contents contents, contents_of(snapshot, repository, row.digest));
    TRY_ASSIGN(const meta::PullCount pulls, snapshot.pulls().of(found.id, row.digest));
    page.tags.push_back({std::move(row), manifest.media_type, std::move(contents),
                         moves.empty() ? std::string() : moves.front().by, pulls});
  }
  return page;
}

}  // namespace entrepot::insight
