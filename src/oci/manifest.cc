#include "oci/manifest.h"

#include <algorithm>
#include <utility>

#include "json/reader.h"
#include "oci/internal/excerpt.h"
#include "oci/internal/media_type_text.h"

namespace entrepot::oci {
namespace {

using internal::excerpt;
using json::Value;

constexpr std::string_view kSchema1 = "application/vnd.docker.distribution.manifest.v1+json";

Failure schema1_is_unsupported() {
  return fail(ErrorCode::Unsupported,
              "image manifests of schema 1 are not supported: push the image again with docker "
              "1.10 or newer, or convert it with `skopeo copy --format v2s2`");
}

Result<Annotations> read_annotations(const Value& value) {
  Annotations annotations;
  const auto add = [&](std::string_view key, const Value& child) -> Result<void> {
    const auto text = child.as<std::string_view>();
    if (!text) return value.invalid(fmt::format("{} is not a string", excerpt(key)));
    if (annotations.emplace(key, *text).second) return {};
    return value.invalid(fmt::format("{} is there twice", excerpt(key)));
  };
  TRY(value.each_member("an object of strings", add));
  return annotations;
}

// --- Descriptors
// ----------------------------------------------------------------------------------

namespace descriptor_field {
enum { kMediaType, kDigest, kSize, kArtifactType, kAnnotations, kUrls, kPlatform, kData, kCount };
constexpr json::Names<kCount> kNames = {"mediaType",   "digest", "size",     "artifactType",
                                        "annotations", "urls",   "platform", "data"};
}  // namespace descriptor_field
using DescriptorFields = json::Fields<descriptor_field::kCount>;

namespace platform_field {
enum { kOs, kArchitecture, kVariant, kCount };
constexpr json::Names<kCount> kNames = {"os", "architecture", "variant"};
}  // namespace platform_field

// Only what could break a header or a log line is refused.
Result<std::string> read_media_type(const Value& value) {
  TRY_ASSIGN(const std::string_view type, value.get<std::string_view>());
  if (!internal::is_media_type(type)) {
    return value.invalid("not a media type: want 1 to 255 printable ASCII characters");
  }
  return std::string(type);
}

// The empty text counts as absent: encoders that cannot leave it out write it.
Result<std::string> read_artifact_type(const Value& value) {
  if (value.as<std::string_view>() == "") return std::string();
  return read_media_type(value);
}

Result<std::uint64_t> read_size(const Value& value) {
  const auto size = value.as<std::int64_t>();
  if (!size || *size < 0) return value.invalid("not an integer from 0 to 9223372036854775807");
  return static_cast<std::uint64_t>(*size);
}

Result<Digest> read_digest(const Value& value) {
  TRY_ASSIGN(const std::string_view text, value.get<std::string_view>());
  auto digest = Digest::parse(text);
  if (!digest) return value.invalid(digest.error().message);
  return digest;
}

Result<std::vector<std::string>> read_urls(const Value& value) {
  std::vector<std::string> urls;
  TRY(value.each_element("a list of strings", [&](const Value& child) -> Result<void> {
    const auto url = child.as<std::string_view>();
    if (!url) return value.invalid("not a string");
    urls.emplace_back(*url);
    return {};
  }));
  return urls;
}

Result<Platform> read_platform(const Value& value) {
  using namespace platform_field;
  TRY_ASSIGN(const auto fields, value.fields(kNames));
  Platform platform;
  TRY(fields.read(kOs, platform.os));
  TRY(fields.read(kArchitecture, platform.architecture));
  TRY(fields.read(kVariant, platform.variant));
  return platform;
}

// What a descriptor need not have.
Result<void> read_optional_fields(const DescriptorFields& fields, Descriptor& descriptor) {
  using namespace descriptor_field;
  if (const auto value = fields.find(kArtifactType)) {
    TRY_ASSIGN(descriptor.artifact_type, read_artifact_type(*value));
  }
  if (const auto value = fields.find(kAnnotations)) {
    TRY_ASSIGN(descriptor.annotations, read_annotations(*value));
  }
  if (const auto value = fields.find(kUrls)) {
    TRY_ASSIGN(descriptor.urls, read_urls(*value));
  }
  if (const auto value = fields.find(kPlatform)) {
    TRY_ASSIGN(descriptor.platform, read_platform(*value));
  }
  if (const auto value = fields.find(kData)) TRY(value->get<std::string_view>());
  return {};
}

Result<Descriptor> read_descriptor(const Value& value) {
  using namespace descriptor_field;
  TRY_ASSIGN(const DescriptorFields fields, value.fields(kNames));
  TRY(fields.require({kMediaType, kDigest, kSize}));
  TRY_ASSIGN(std::string type, read_media_type(*fields.find(kMediaType)));
  TRY_ASSIGN(const Digest digest, read_digest(*fields.find(kDigest)));
  TRY_ASSIGN(const std::uint64_t size, read_size(*fields.find(kSize)));
  Descriptor descriptor{.media_type = std::move(type),
                        .digest = digest,
                        .size_bytes = size,
                        .artifact_type = {},
                        .annotations = {},
                        .urls = {},
                        .platform = {}};
  TRY(read_optional_fields(fields, descriptor));
  return descriptor;
}

Result<std::vector<Descriptor>> read_descriptors(const Value& value) {
  std::vector<Descriptor> descriptors;
  TRY(value.each_element("a list", [&](const Value& child) -> Result<void> {
    TRY_ASSIGN(Descriptor descriptor, read_descriptor(child));
    descriptors.push_back(std::move(descriptor));
    return {};
  }));
  return descriptors;
}

// --- The top
// --------------------------------------------------------------------------------------

namespace top_field {
enum {
  kSchemaVersion,
  kMediaType,
  kArtifactType,
  kConfig,
  kLayers,
  kManifests,
  kSubject,
  kAnnotations,
  kFsLayers,
  kCount
};
constexpr json::Names<kCount> kNames = {"schemaVersion", "mediaType",   "artifactType",
                                        "config",        "layers",      "manifests",
                                        "subject",       "annotations", "fsLayers"};
}  // namespace top_field
using TopFields = json::Fields<top_field::kCount>;

// The media type alone: without parameters, in lower case.
std::string essence(std::string_view content_type) {
  std::string_view type = content_type.substr(0, content_type.find(';'));
  constexpr std::string_view kSpace = " \t";
  type.remove_prefix(std::min(type.find_first_not_of(kSpace), type.size()));
  type = type.substr(0, type.find_last_not_of(kSpace) + 1);
  std::string out(type);
  for (char& c : out) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  return out;
}

bool is_docker(std::string_view type) {
  return type == media_type::kDockerManifest || type == media_type::kDockerList;
}

Result<ManifestKind> kind_of(std::string_view type) {
  if (type == media_type::kOciManifest || type == media_type::kDockerManifest) {
    return ManifestKind::Image;
  }
  if (type == media_type::kOciIndex || type == media_type::kDockerList) return ManifestKind::Index;
  if (media_type::is_schema1(type)) return schema1_is_unsupported();
  return fail(ErrorCode::InvalidArgument,
              "media type {} is not one of a manifest: want {}, {}, {} or {}", excerpt(type),
              media_type::kOciManifest, media_type::kOciIndex, media_type::kDockerManifest,
              media_type::kDockerList);
}

bool is_schema1(const TopFields& fields) {
  const auto version = fields.find(top_field::kSchemaVersion);
  return fields.has(top_field::kFsLayers) || (version && version->as<std::int64_t>() == 1);
}

// The type that content type and body agree on.
Result<std::string> settle_type(const TopFields& fields, std::string declared) {
  const auto value = fields.find(top_field::kMediaType);
  if (!value) {
    if (declared.empty()) {
      return fail(ErrorCode::InvalidArgument,
                  "neither a Content-Type nor the manifest's own mediaType");
    }
    if (is_docker(declared)) {
      return fields.invalid(top_field::kMediaType, "is missing: a Docker manifest names it");
    }
    return declared;
  }
  TRY_ASSIGN(std::string own, value->get<std::string>());
  if (declared.empty() || own == declared) return own;
  return value->invalid(
      fmt::format("is {}, but the Content-Type is {}", excerpt(own), excerpt(declared)));
}

// Version 2, and nothing in it that makes another reader take it for the other kind.
Result<void> check_shape(const TopFields& fields, ManifestKind kind) {
  using namespace top_field;
  const auto version = fields.find(kSchemaVersion);
  if (!version || version->as<std::int64_t>() != 2) {
    return fields.invalid(kSchemaVersion, "must be the number 2");
  }
  if (kind == ManifestKind::Image) {
    if (fields.has(kManifests)) return fields.invalid(kManifests, "an image manifest has none");
    return fields.require({kConfig});
  }
  for (const auto foreign : {kConfig, kLayers}) {
    if (fields.has(foreign)) return fields.invalid(foreign, "an index has none");
  }
  // null is an empty list: Go's encoder writes it for one that was never made.
  return fields.is_named(kManifests) ? Result<void>() : fields.require({kManifests});
}

Result<void> read_contents(const TopFields& fields, Manifest& manifest) {
  using namespace top_field;
  if (const auto value = fields.find(kArtifactType)) {
    TRY_ASSIGN(manifest.artifact_type, read_artifact_type(*value));
  }
  if (const auto value = fields.find(kConfig)) {
    TRY_ASSIGN(manifest.config, read_descriptor(*value));
    if (manifest.artifact_type.empty()) manifest.artifact_type = manifest.config->media_type;
  }
  if (const auto value = fields.find(kLayers)) {
    TRY_ASSIGN(manifest.layers, read_descriptors(*value));
  }
  if (const auto value = fields.find(kManifests)) {
    TRY_ASSIGN(manifest.manifests, read_descriptors(*value));
  }
  if (const auto value = fields.find(kSubject)) {
    TRY_ASSIGN(manifest.subject, read_descriptor(*value));
  }
  if (const auto value = fields.find(kAnnotations)) {
    TRY_ASSIGN(manifest.annotations, read_annotations(*value));
  }
  return {};
}

Result<json::Document> parse_document(ByteView bytes) {
  if (bytes.size() > kMaxManifestBytes) {
    return fail(ErrorCode::TooLarge, "the manifest has {} bytes; at most {} are taken",
                bytes.size(), kMaxManifestBytes);
  }
  return json::Document::parse(bytes, "manifest");
}

}  // namespace

bool media_type::is_schema1(std::string_view type) {
  return type == kSchema1 || type == kDockerSchema1;
}

bool media_type::is_nondistributable(std::string_view type) {
  for (const std::string_view tar : {"application/vnd.oci.image.layer.nondistributable.v1.tar",
                                     "application/vnd.docker.image.rootfs.foreign.diff.tar"}) {
    if (!type.starts_with(tar)) continue;
    const std::string_view compression = type.substr(tar.size());  // "+gzip", ".gzip"
    return compression.empty() || compression[0] == '+' || compression[0] == '.';
  }
  return false;
}

Result<Manifest> parse_manifest(ByteView bytes, std::string_view content_type) {
  std::string declared = essence(content_type);
  if (!declared.empty()) TRY(kind_of(declared));  // before any work on the bytes

  TRY_ASSIGN(const json::Document document, parse_document(bytes));
  TRY_ASSIGN(const TopFields fields, document.root().fields(top_field::kNames));
  if (is_schema1(fields)) return schema1_is_unsupported();
  TRY_ASSIGN(std::string type, settle_type(fields, std::move(declared)));
  TRY_ASSIGN(const ManifestKind kind, kind_of(type));
  TRY(check_shape(fields, kind));

  Manifest manifest{.kind = kind,
                    .media_type = std::move(type),
                    .artifact_type = {},
                    .config = {},
                    .layers = {},
                    .manifests = {},
                    .subject = {},
                    .annotations = {}};
  TRY(read_contents(fields, manifest));
  return manifest;
}

Result<Annotations> annotations_from_json(ByteView text) {
  if (text.empty()) return Annotations();
  auto annotations = [&]() -> Result<Annotations> {
    TRY_ASSIGN(const auto document, json::Document::parse(text, "annotations"));
    return read_annotations(document.root());
  }();
  if (!annotations) return fail(ErrorCode::Corrupt, "{}", annotations.error().message);
  return annotations;
}

}  // namespace entrepot::oci
