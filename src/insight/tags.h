#pragma once
// insight/tags.h — a page of a repository's tags, and what each of them is.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "meta/store.h"
#include "oci/manifest.h"

namespace entrepot::insight {

enum class Kind : std::uint8_t {
  Image,     // with the configuration of an image
  Index,     // a list of manifests
  Artifact,  // anything else in the form of a manifest
  Unknown,   // cannot be read: an older program took it
};
std::string_view name_of(Kind kind);  // "image"

Kind kind_of(const oci::Manifest& manifest);

// Longer manifests are not looked into: nobody builds such an image, and a page of them would be
// dear.
inline constexpr std::uint64_t kLongestManifest = 512u << 10;

struct LayerSize {
  oci::Digest digest;
  std::uint64_t size_bytes = 0;
};

// What a manifest's own bytes tell about what a client would pull.
struct Contents {
  Kind kind = Kind::Unknown;
  std::string artifact_type;
  // Of an index, without those that are no platform (attestations), at most kMostPlatforms;
  // nothing: not known without reading the configuration.
  std::optional<std::vector<std::string>> platforms;
  // Of the layers of the image; of an index those of linux/amd64, else of its first platform.
  // Nothing when that is not here, or cannot be read; no layers where there are more than
  // kMostLayers.
  std::optional<std::uint64_t> size_bytes;
  std::optional<std::vector<LayerSize>> layers;

  static constexpr std::size_t kMostPlatforms = 64;
  static constexpr std::size_t kMostLayers = 256;  // docker runs images with at most 127
};

struct TagSummary {
  meta::TagRow row;
  std::string media_type;
  Contents contents;
  std::string moved_by;   // "" when nobody is known
  meta::PullCount pulls;  // of the manifest
};

struct TagPage {
  std::vector<TagSummary> tags;
  bool more = false;
};

// The query's page as it is in one moment. Reads a manifest or two for each row; a row takes no
// more than some 30 KiB, whatever is in them. NotFound: there is no such repository.
Result<TagPage> find_tags(const meta::Snapshot& snapshot, const oci::RepositoryName& repository,
                          meta::TagQuery query);

// The child of an index that stands for it: linux/amd64's, else the first one's with a
// platform, else the first one. Null for none.
const oci::Descriptor* find_default(const oci::Manifest& index);

// Is it an image for somebody to run, and no attestation about one?
bool is_platform(const oci::Descriptor& child);

// All of them together, compressed as they are pulled.
std::uint64_t size_of(const std::vector<oci::Descriptor>& layers);

}  // namespace entrepot::insight
