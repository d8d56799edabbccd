#include <array>

#include "base/check.h"
#include "oci/manifest.h"

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
  }
  if (kind) {
    const auto detected = oci::detect_media_type(input);
    CHECK(detected.has_value());
    CHECK(oci::parse_manifest(input, *detected)->kind == *kind);
  }
  static_cast<void>(oci::annotations_from_json(input));

  // Whatever a client wrote, the JSON string made of it is a string.
  std::string object = "{\"key\":";
  oci::append_json_string(object, input);
  CHECK(oci::annotations_from_json(object + "}").has_value());
  return 0;
}
