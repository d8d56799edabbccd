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

std::vector<meta::ManifestReference> references_of(const oci::ManifestAtRest& manifest) {
  std::vector<meta::ManifestReference> references;
  references.reserve(manifest.named.size());
  for (const auto& named : manifest.named) references.push_back({named.digest, named.kind});
  return references;
}

std::optional<Digest> subject_of(const oci::Manifest& manifest) {
  if (!manifest.subject) return std::nullopt;
  return manifest.subject->digest;
}

std::optional<Digest> subject_of(const oci::ManifestAtRest& manifest) { return manifest.subject; }

template <class Read>
meta::NewManifest row_of(const Read& manifest, const Digest& digest, Bytes bytes) {
  meta::NewManifest row{.repository = {},
                        .digest = digest,
                        .media_type = manifest.media_type,
                        .bytes = std::move(bytes),
                        .references = references_of(manifest),
                        .subject = subject_of(manifest),
                        .artifact_type = {},
                        .annotations_json = {},
                        .pushed_at = {},
                        .pushed_by = {}};
  if (row.subject) {
    row.artifact_type = manifest.artifact_type;
    row.annotations_json = oci::to_json(manifest.annotations);
  }
  return row;
}

}  // namespace

meta::NewManifest to_row(const oci::Manifest& manifest, const Digest& digest, Bytes bytes) {
  return row_of(manifest, digest, std::move(bytes));
}

meta::NewManifest to_row(const oci::ManifestAtRest& manifest, const Digest& digest, Bytes bytes) {
  return row_of(manifest, digest, std::move(bytes));
}

}  // namespace entrepot::registry
