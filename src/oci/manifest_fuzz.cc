#include <algorithm>
#include <array>

#include "base/check.h"
#include "json/writer.h"
#include "oci/manifest.h"
#include "oci/manifest_at_rest.h"

using namespace entrepot;

namespace {

constexpr std::array kTypes = {oci::media_type::kOciManifest, oci::media_type::kOciIndex,
                               oci::media_type::kDockerManifest, oci::media_type::kDockerList};

// What was read can be written, and reads the same again.
void check_rewritten(const oci::Manifest& manifest) {
  std::vector<oci::Descriptor> all = manifest.manifests;
  all.insert(all.end(), manifest.layers.begin(), manifest.layers.end());
  if (manifest.config) all.push_back(*manifest.config);
  if (manifest.subject) all.push_back(*manifest.subject);

  const Bytes text = oci::render_index(all);
  if (text.size() > oci::kMaxManifestBytes) return;
  const auto index = oci::parse_manifest(text, oci::media_type::kOciIndex);
  CHECK(index.has_value() && index->manifests.size() == all.size());
  for (std::size_t i = 0; i < all.size(); ++i) {
    CHECK(index->manifests[i].digest == all[i].digest);
    CHECK(index->manifests[i].size_bytes == all[i].size_bytes);
    CHECK(index->manifests[i].annotations == all[i].annotations);
    CHECK(index->manifests[i].urls == all[i].urls);
  }
  CHECK(*oci::annotations_from_json(oci::to_json(manifest.annotations)) == manifest.annotations);
}

// A push that was accepted is found again by the reading for what is stored, and nothing else is.
void check_at_rest(const oci::Manifest& manifest, ByteView bytes) {
  const auto found = oci::read_manifest_at_rest(bytes, manifest.media_type);
  std::vector<oci::Digest> pushed;
  if (manifest.config) pushed.push_back(manifest.config->digest);
  for (const auto& layer : manifest.layers) pushed.push_back(layer.digest);
  for (const auto& child : manifest.manifests) pushed.push_back(child.digest);
  std::vector<oci::Digest> stored;
  for (const auto& named : found.named) stored.push_back(named.digest);
  std::sort(pushed.begin(), pushed.end());
  std::sort(stored.begin(), stored.end());
  CHECK(pushed == stored);
  CHECK(found.media_type == manifest.media_type);
  CHECK(found.artifact_type == manifest.artifact_type);
  CHECK(found.annotations == manifest.annotations);
  CHECK(found.subject.has_value() == manifest.subject.has_value());
  CHECK(!found.subject || *found.subject == manifest.subject->digest);
}

}  // namespace

// No bytes are an image under one type and an index under another.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView input(reinterpret_cast<const char*>(data), size);
  std::optional<oci::ManifestKind> kind;
  for (const std::string_view type : kTypes) {
    const auto manifest = oci::parse_manifest(input, type);
    if (!manifest) continue;
    CHECK(manifest->media_type == type);
    CHECK(!kind || *kind == manifest->kind);
    kind = manifest->kind;
    check_rewritten(*manifest);
    check_at_rest(*manifest, input);
  }
  const auto found = oci::read_manifest_at_rest(input);
  CHECK(!found.media_type.empty() && found.media_type.size() <= 255);
  static_cast<void>(oci::annotations_from_json(input));

  // Whatever a client wrote, the JSON string made of it is a string.
  std::string object = "{\"key\":";
  json::append_string(object, input);
  CHECK(oci::annotations_from_json(object + "}").has_value());
  return 0;
}
