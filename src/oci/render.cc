#include "json/writer.h"
#include "oci/manifest.h"

// The half of manifest.h that writes JSON.

namespace entrepot::oci {
namespace {

void write(json::Writer& json, const Annotations& annotations) {
  json.begin_object();
  for (const auto& [key, text] : annotations) json.member(key, text);
  json.end_object();
}

void write(json::Writer& json, const Platform& platform) {
  json.begin_object();
  json.member("architecture", platform.architecture).member("os", platform.os);
  if (!platform.variant.empty()) json.member("variant", platform.variant);
  json.end_object();
}

void write(json::Writer& json, const Descriptor& descriptor) {
  json.begin_object()
      .member("mediaType", descriptor.media_type)
      .member("digest", descriptor.digest.to_string())
      .member("size", descriptor.size_bytes);
  if (!descriptor.artifact_type.empty()) json.member("artifactType", descriptor.artifact_type);
  if (!descriptor.annotations.empty()) write(json.key("annotations"), descriptor.annotations);
  if (!descriptor.urls.empty()) {
    json.key("urls").begin_array();
    for (const std::string& url : descriptor.urls) json.value(url);
    json.end_array();
  }
  if (descriptor.platform) write(json.key("platform"), *descriptor.platform);
  json.end_object();
}

}  // namespace

Bytes render_index(const std::vector<Descriptor>& descriptors) {
  Bytes out;
  json::Writer json(out);
  json.begin_object().member("schemaVersion", 2).member("mediaType", media_type::kOciIndex);
  json.key("manifests").begin_array();
  for (const Descriptor& descriptor : descriptors) write(json, descriptor);
  json.end_array().end_object();
  return out;
}

Bytes to_json(const Annotations& annotations) {
  Bytes out;
  json::Writer json(out);
  write(json, annotations);
  return out;
}

std::string referrers_tag(const Digest& subject) {
  constexpr std::size_t kMostOfHash = 64;
  return fmt::format("{}-{}", name_of(subject.algorithm()), subject.hex().substr(0, kMostOfHash));
}

}  // namespace entrepot::oci
