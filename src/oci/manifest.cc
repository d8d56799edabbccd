#include "oci/manifest.h"

#include <algorithm>
#include <array>
#include <bitset>
#include <utility>

#include <simdjson.h>

#include "oci/internal/big_numbers.h"
#include "oci/internal/excerpt.h"
#include "oci/internal/field_names.h"

// The document is parsed whole (DOM, not on demand): simdjson then checks every byte of it, also in
// the fields that nobody reads.

namespace entrepot::oci {
namespace {

using internal::excerpt;
using internal::reads_as;
using simdjson::dom::element;

constexpr std::string_view kSchema1 = "application/vnd.docker.distribution.manifest.v1+json";

constexpr std::size_t kMaxDepth = 100;

// A place in the document, for messages; text is made of it only when something is wrong there.
struct Where {
  std::string_view field;  // "layers"; empty for the top
  std::optional<std::size_t> index = std::nullopt;
  std::string_view below = {};  // "platform"
  std::string_view leaf = {};   // "os"

  Where at(std::string_view name) const {
    Where inside = *this;
    (field.empty() ? inside.field : below.empty() ? inside.below : inside.leaf) = name;
    return inside;
  }

  // "layers[3].platform.os"
  std::string path() const {
    if (field.empty()) return "manifest";
    std::string path(field);
    if (index) path += fmt::format("[{}]", *index);
    for (const std::string_view name : {below, leaf}) {
      if (!name.empty()) path.append(".").append(name);
    }
    return path;
  }
};

Failure invalid(const Where& where, std::string_view what) {
  return fail(ErrorCode::InvalidArgument, "{}: {}", where.path(), what);
}

Failure schema1_is_unsupported() {
  return fail(ErrorCode::Unsupported,
              "image manifests of schema 1 are not supported: push the image again with docker "
              "1.10 or newer, or convert it with `skopeo copy --format v2s2`");
}

// --- JSON
// -----------------------------------------------------------------------------------------

std::string_view describe(simdjson::error_code error) {
  switch (error) {
    case simdjson::UTF8_ERROR:
      return "not valid UTF-8";
    case simdjson::NUMBER_ERROR:
      return "a malformed number";
    case simdjson::STRING_ERROR:
    case simdjson::UNESCAPED_CHARS:
    case simdjson::UNCLOSED_STRING:
      return "a malformed string";
    case simdjson::DEPTH_ERROR:
      return "nested too deeply";
    case simdjson::EMPTY:
      return "no bytes";
    default:
      return "malformed JSON";
  }
}

// The value lives in `parser`.
Result<element> parse_json(simdjson::dom::parser& parser, ByteView bytes) {
  element root;
  auto error = parser.allocate(bytes.size(), kMaxDepth);
  if (!error) error = parser.parse(bytes.data(), bytes.size()).get(root);
  if (error == simdjson::NUMBER_ERROR) {
    // It may be one that simdjson has no type for. JSON knows no limit, and nobody reads it.
    const Bytes smaller = internal::without_big_numbers(bytes);
    error = parser.parse(smaller.data(), smaller.size()).get(root);
  }
  if (error == simdjson::MEMALLOC) return fail(ErrorCode::Unavailable, "out of memory");
  if (error) return fail(ErrorCode::InvalidArgument, "{}", describe(error));
  return root;
}

template <std::size_t N>
using Names = std::array<std::string_view, N>;

// The values of an object by index into its Names; null counts as absent.
template <std::size_t N>
struct Fields {
  std::array<element, N> values;
  std::bitset<N> present;
  std::bitset<N> seen;  // also as null

  const element* find(std::size_t index) const { return present[index] ? &values[index] : nullptr; }
};

// Picks the named fields out of the object at `where`; others are ignored. InvalidArgument for one
// that comes twice, or in other letter case: one reader would take the first, another the second.
template <std::size_t N>
Result<Fields<N>> read_fields(const Where& where, const element& value, const Names<N>& names) {
  simdjson::dom::object object;
  if (value.get(object)) {
    return invalid(where, "not a JSON object");
  }
  Fields<N> fields;
  for (const auto& [key, child] : object) {
    for (std::size_t i = 0; i < N; ++i) {
      if (!reads_as(key, names[i])) continue;
      if (key != names[i]) return invalid(where.at(names[i]), "written in other letters");
      if (fields.seen[i]) return invalid(where.at(names[i]), "is there twice");
      fields.seen.set(i);
      fields.values[i] = child;
      fields.present[i] = !child.is_null();
      break;
    }
  }
  return fields;
}

Result<std::string> read_string(const Where& where, const element& value) {
  std::string_view text;
  if (value.get(text)) return invalid(where, "not a string");
  return std::string(text);
}

Result<Annotations> read_annotations(const Where& where, const element& value) {
  simdjson::dom::object object;
  if (value.get(object)) return invalid(where, "not an object of strings");
  Annotations annotations;
  for (const auto& [key, child] : object) {
    std::string_view text;
    if (child.get(text)) return invalid(where, fmt::format("{} is not a string", excerpt(key)));
    if (!annotations.emplace(key, text).second) {
      return invalid(where, fmt::format("{} is there twice", excerpt(key)));
    }
  }
  return annotations;
}

// --- Descriptors
// ----------------------------------------------------------------------------------

namespace descriptor_field {
enum { kMediaType, kDigest, kSize, kArtifactType, kAnnotations, kUrls, kPlatform, kData, kCount };
constexpr Names<kCount> kNames = {"mediaType",   "digest", "size",     "artifactType",
                                  "annotations", "urls",   "platform", "data"};
}  // namespace descriptor_field
using DescriptorFields = Fields<descriptor_field::kCount>;

// Only what could break a header or a log line is refused; types are nobody's closed list.
Result<std::string> read_media_type(const Where& where, const element& value) {
  TRY_ASSIGN(std::string type, read_string(where, value));
  if (!internal::is_media_type(type)) {
    return invalid(where, "not a media type: want 1 to 255 printable ASCII characters");
  }
  return type;
}

// The empty text counts as absent: encoders that cannot leave it out write it.
Result<std::string> read_artifact_type(const Where& where, const element& value) {
  std::string_view text;
  if (!value.get(text) && text.empty()) return std::string();
  return read_media_type(where, value);
}

Result<std::uint64_t> read_size(const Where& where, const element& value) {
  std::int64_t size = -1;
  // get() converts nothing: floats, strings and what is past 2^63-1 are errors.
  if (value.get(size) || size < 0) {
    return invalid(where, "not an integer from 0 to 9223372036854775807");
  }
  return static_cast<std::uint64_t>(size);
}

Result<Digest> read_digest(const Where& where, const element& value) {
  TRY_ASSIGN(const std::string text, read_string(where, value));
  auto digest = Digest::parse(text);
  if (!digest) return invalid(where, digest.error().message);
  return digest;
}

Result<std::vector<std::string>> read_urls(const Where& where, const element& value) {
  simdjson::dom::array array;
  if (value.get(array)) return invalid(where, "not a list of strings");
  std::vector<std::string> urls;
  for (const element& child : array) {
    TRY_ASSIGN(std::string url, read_string(where, child));
    urls.push_back(std::move(url));
  }
  return urls;
}

Result<Platform> read_platform(const Where& where, const element& value) {
  constexpr Names<3> kNames = {"os", "architecture", "variant"};
  TRY_ASSIGN(const auto fields, read_fields(where, value, kNames));
  Platform platform;
  const std::array<std::string*, 3> targets = {&platform.os, &platform.architecture,
                                               &platform.variant};
  for (std::size_t i = 0; i < targets.size(); ++i) {
    const element* field = fields.find(i);
    if (field == nullptr) continue;
    TRY_ASSIGN(*targets[i], read_string(where.at(kNames[i]), *field));
  }
  return platform;
}

// What a descriptor need not have.
Result<void> read_optional_fields(const Where& where, const DescriptorFields& fields,
                                  Descriptor& descriptor) {
  using namespace descriptor_field;
  if (const element* value = fields.find(kArtifactType)) {
    TRY_ASSIGN(descriptor.artifact_type,
               read_artifact_type(where.at(kNames[kArtifactType]), *value));
  }
  if (const element* value = fields.find(kAnnotations)) {
    TRY_ASSIGN(descriptor.annotations, read_annotations(where.at(kNames[kAnnotations]), *value));
  }
  if (const element* value = fields.find(kUrls)) {
    TRY_ASSIGN(descriptor.urls, read_urls(where.at(kNames[kUrls]), *value));
  }
  if (const element* value = fields.find(kPlatform)) {
    TRY_ASSIGN(descriptor.platform, read_platform(where.at(kNames[kPlatform]), *value));
  }
  if (const element* value = fields.find(kData)) {
    TRY(read_string(where.at(kNames[kData]), *value));
  }
  return {};
}

Result<Descriptor> read_descriptor(const Where& where, const element& value) {
  using namespace descriptor_field;
  TRY_ASSIGN(const DescriptorFields fields, read_fields(where, value, kNames));
  for (const auto required : {kMediaType, kDigest, kSize}) {
    if (!fields.present[required]) return invalid(where.at(kNames[required]), "is missing");
  }
  TRY_ASSIGN(std::string type,
             read_media_type(where.at(kNames[kMediaType]), fields.values[kMediaType]));
  TRY_ASSIGN(const Digest digest, read_digest(where.at(kNames[kDigest]), fields.values[kDigest]));
  TRY_ASSIGN(const std::uint64_t size, read_size(where.at(kNames[kSize]), fields.values[kSize]));
  Descriptor descriptor{.media_type = std::move(type),
                        .digest = digest,
                        .size_bytes = size,
                        .artifact_type = {},
                        .annotations = {},
                        .urls = {},
                        .platform = {}};
  TRY(read_optional_fields(where, fields, descriptor));
  return descriptor;
}

Result<std::vector<Descriptor>> read_descriptors(std::string_view field, const element& value) {
  simdjson::dom::array array;
  if (value.get(array)) return invalid({field}, "not a list");
  std::vector<Descriptor> descriptors;
  std::size_t index = 0;
  for (const element& child : array) {
    TRY_ASSIGN(Descriptor descriptor, read_descriptor({field, index++}, child));
    descriptors.push_back(std::move(descriptor));
  }
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
constexpr Names<kCount> kNames = {"schemaVersion", "mediaType", "artifactType", "config",  "layers",
                                  "manifests",     "subject",   "annotations",  "fsLayers"};
}  // namespace top_field
using TopFields = Fields<top_field::kCount>;

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
  std::int64_t version = 0;
  const element* value = fields.find(top_field::kSchemaVersion);
  return fields.present[top_field::kFsLayers] || (value && !value->get(version) && version == 1);
}

// The type that content type and body agree on.
Result<std::string> settle_type(const TopFields& fields, std::string declared) {
  const element* value = fields.find(top_field::kMediaType);
  if (!value) {
    if (declared.empty()) {
      return fail(ErrorCode::InvalidArgument,
                  "neither a Content-Type nor the manifest's own mediaType");
    }
    if (is_docker(declared))
      return invalid({"mediaType"}, "is missing: a Docker manifest names it");
    return declared;
  }
  TRY_ASSIGN(std::string own, read_string({"mediaType"}, *value));
  if (declared.empty() || own == declared) return own;
  return invalid({"mediaType"},
                 fmt::format("is {}, but the Content-Type is {}", excerpt(own), excerpt(declared)));
}

// Version 2, and nothing in it that makes another reader take it for the other kind.
Result<void> check_shape(const TopFields& fields, ManifestKind kind) {
  using namespace top_field;
  std::int64_t version = 0;
  const element* value = fields.find(kSchemaVersion);
  if (value == nullptr || value->get(version) || version != 2) {
    return invalid({"schemaVersion"}, "must be the number 2");
  }
  if (kind == ManifestKind::Image) {
    if (fields.present[kManifests]) return invalid({"manifests"}, "an image manifest has none");
    if (!fields.present[kConfig]) return invalid({"config"}, "is missing");
    return {};
  }
  for (const auto foreign : {kConfig, kLayers}) {
    if (fields.present[foreign]) return invalid({kNames[foreign]}, "an index has none");
  }
  // null is an empty list: Go's encoder writes it for one that was never made.
  if (!fields.seen[kManifests]) return invalid({"manifests"}, "is missing");
  return {};
}

Result<void> read_contents(const TopFields& fields, Manifest& manifest) {
  using namespace top_field;
  if (const element* value = fields.find(kArtifactType)) {
    TRY_ASSIGN(manifest.artifact_type, read_artifact_type({"artifactType"}, *value));
  }
  if (const element* value = fields.find(kConfig)) {
    TRY_ASSIGN(manifest.config, read_descriptor({"config"}, *value));
    if (manifest.artifact_type.empty()) manifest.artifact_type = manifest.config->media_type;
  }
  if (const element* value = fields.find(kLayers)) {
    TRY_ASSIGN(manifest.layers, read_descriptors({"layers"}, *value));
  }
  if (const element* value = fields.find(kManifests)) {
    TRY_ASSIGN(manifest.manifests, read_descriptors({"manifests"}, *value));
  }
  if (const element* value = fields.find(kSubject)) {
    TRY_ASSIGN(manifest.subject, read_descriptor({"subject"}, *value));
  }
  if (const element* value = fields.find(kAnnotations)) {
    TRY_ASSIGN(manifest.annotations, read_annotations({"annotations"}, *value));
  }
  return {};
}

Result<TopFields> read_top(simdjson::dom::parser& parser, ByteView bytes) {
  if (bytes.size() > kMaxManifestBytes) {
    return fail(ErrorCode::TooLarge, "the manifest has {} bytes; at most {} are taken",
                bytes.size(), kMaxManifestBytes);
  }
  auto root = parse_json(parser, bytes);
  if (!root) return Failure(std::move(root).error().within("manifest"));
  return read_fields({}, *root, top_field::kNames);
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

  simdjson::dom::parser parser;
  TRY_ASSIGN(const TopFields fields, read_top(parser, bytes));
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

Result<Annotations> annotations_from_json(ByteView json) {
  if (json.empty()) return Annotations();
  simdjson::dom::parser parser;
  auto annotations = [&]() -> Result<Annotations> {
    TRY_ASSIGN(const element root, parse_json(parser, json));
    return read_annotations({"annotations"}, root);
  }();
  if (!annotations) return fail(ErrorCode::Corrupt, "{}", annotations.error().message);
  return annotations;
}

}  // namespace entrepot::oci
