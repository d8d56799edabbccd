#include "registry/manifest_row.h"

namespace entrepot::registry {

using oci::Digest;
using oci::ReferenceKind;

namespace {

std::vector<meta::ManifestReference> references_of(const oci::Manifest& manifest) {
  std::vector<meta::ManifestReference> references;
  references.reserve(manifest.layers.size() + manifest.manifests.size() + 1);
  if (manifest.config) references.push_back({manifest.config->digest, ReferenceKind::Config});
  for (const auto& layer : manifest.layers) {
    references.push_back({layer.digest, ReferenceKind::Layer});
  }
  for (const auto& child : manifest.manifests) {
    references.push_back({child.digest, ReferenceKind::Child});
  }
  return references;
}

}  // namespace

meta::NewManifest to_row(const oci::Manifest& manifest, const Digest& digest, Bytes bytes) {
  meta::NewManifest row{.repository = {},
                        .digest = digest,
                        .media_type = manifest.media_type,
                        .bytes = std::move(bytes),
                        .references = references_of(manifest),
                        .subject = std::nullopt,
                        .artifact_type = {},
                        .annotations_json = {},
                        .pushed_at = {},
                        .pushed_by = {}};
  if (manifest.subject) {
    row.subject = manifest.subject->digest;
    row.artifact_type = manifest.artifact_type;
    row.annotations_json = oci::to_json(manifest.annotations);
  }
  return row;
}

}  // namespace entrepot::registry
