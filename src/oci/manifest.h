#pragma once
// oci/manifest.h — what a manifest's bytes say: which blobs, which children, which subject.

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "oci/digest.h"

namespace entrepot::oci {

namespace media_type {
inline constexpr std::string_view kOciManifest = "application/vnd.oci.image.manifest.v1+json";
inline constexpr std::string_view kOciIndex = "application/vnd.oci.image.index.v1+json";
inline constexpr std::string_view kOciEmpty = "application/vnd.oci.empty.v1+json";
inline constexpr std::string_view kDockerManifest =
    "application/vnd.docker.distribution.manifest.v2+json";
inline constexpr std::string_view kDockerList =
    "application/vnd.docker.distribution.manifest.list.v2+json";
inline constexpr std::string_view kDockerSchema1 =  // signed
    "application/vnd.docker.distribution.manifest.v1+prettyjws";
// Is this one of Docker's schema 1 types, which are refused?
bool is_schema1(std::string_view type);
// Layers whose bytes may stay elsewhere (`urls`): OCI nondistributable and Docker foreign layers.
bool is_nondistributable(std::string_view type);
}  // namespace media_type

using Annotations = std::map<std::string, std::string>;

struct Platform {
  std::string os, architecture, variant;
};

// A reference to bytes (image-spec, descriptor.md).
struct Descriptor {
  std::string media_type;
  Digest digest;
  std::uint64_t size_bytes = 0;
  std::string artifact_type;
  Annotations annotations;
  std::vector<std::string> urls;
  std::optional<Platform> platform;
};

enum class ManifestKind : std::uint8_t {
  Image = 1,  // config and layers: an OCI or Docker image manifest, or an artifact in that form
  Index = 2,  // a list of manifests: an OCI index or a Docker manifest list
};

// How a manifest uses a digest.
enum class ReferenceKind : std::uint8_t { Config = 1, Layer = 2, Child = 3 };

// What was read from a manifest. The bytes themselves are kept beside it, never made again from
// this.
struct Manifest {
  ManifestKind kind = ManifestKind::Image;
  std::string media_type;
  std::string artifact_type;  // as referrers list it: the manifest's own, else its config's media
                              // type; empty for an index without one
  std::optional<Descriptor> config;
  std::vector<Descriptor> layers;     // Image
  std::vector<Descriptor> manifests;  // Index; may name blobs too (BuildKit's cache)
  std::optional<Descriptor> subject;
  Annotations annotations;
};

// The largest manifest that is stored (the spec asks for at least 4 MB to work).
inline constexpr std::uint64_t kMaxManifestBytes = 4u << 20;

// Reads a manifest that was sent as `content_type` (may carry parameters; may be empty when the
// bytes name their own mediaType).
//
// Strict where two readers could disagree (CVE-2021-41190): both `layers`/`config` and `manifests`,
// a `mediaType` that is not the content type, a duplicate key that matters, a size that is not a
// non-negative integer, a malformed digest → InvalidArgument with the path of what is wrong
// ("layers[3].digest: …"). Unknown media types of config, layers and children are fine; unknown
// fields are ignored, whatever JSON is in them, and null is as good as none: no list, no map. (Not
// where something is required, or inside of a list or map.) Schema 1 → Unsupported. More than 4 MiB
// → TooLarge. Time is linear in the size.
//
// For a push. What is stored already is read by read_manifest_at_rest().
Result<Manifest> parse_manifest(ByteView bytes, std::string_view content_type);

// An OCI index as the referrers API answers it, from descriptors (distribution-spec, "Listing
// referrers").
Bytes render_index(const std::vector<Descriptor>& descriptors);

// The form in which a referrer's annotations are stored, and back. No bytes at all mean none;
// Corrupt for anything else that is not an object of strings.
Bytes to_json(const Annotations& annotations);
Result<Annotations> annotations_from_json(ByteView json);

// The fallback tag under which clients list the referrers of `subject` where there is no referrers
// API.
std::string referrers_tag(const Digest& subject);

}  // namespace entrepot::oci
