#pragma once
// insight/image.h — one image, or whatever a manifest is, whole.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "insight/image_config.h"
#include "insight/tags.h"
#include "registry/pull.h"

namespace entrepot::insight {

struct Layer {
  oci::Descriptor descriptor;
  // Nothing where the history does not fit the layers, or there is none.
  std::optional<std::string> instruction;
  std::string created_at;  // RFC 3339; "" when it is not told
  std::optional<std::string> diff_id;
};

// A step of the build that made no layer.
struct EmptyStep {
  std::string instruction;
  std::string created_at;
  std::optional<std::size_t> before;  // the layer it stands before; nothing where none fits
};

struct PlatformImage {
  std::string platform;
  oci::Digest digest;
  std::uint64_t size_bytes = 0;  // of its manifest
};

struct Image {
  oci::Digest digest;  // what was asked for; of an index, the index
  std::string media_type;
  Kind kind = Kind::Unknown;
  std::string artifact_type = {};
  oci::Annotations annotations = {};
  std::vector<PlatformImage> platforms = {};  // of an index
  std::optional<std::string> platform =
      {};  // that layers and configuration are of, where it is known
  oci::Annotations platform_annotations = {};  // of an index: those of the image for `platform`
  std::vector<Layer> layers = {};
  std::vector<EmptyStep> empty_steps = {};
  std::optional<ImageConfig> config =
      {};                              // nothing: it is no image's, is not here, or cannot be read
  std::vector<std::string> tags = {};  // on `digest`, at most kMostTags
  std::vector<oci::Descriptor> referrers = {};  // of `digest`, at most kMostReferrers

  static constexpr std::size_t kMostTags = 100;
  static constexpr std::size_t kMostReferrers = 100;
};

// Gives each layer its instruction, if as many steps of the history made a layer as there are.
void join(const std::vector<HistoryEntry>& history, Image& image);

// Reads images. What it reads was verified as for a pull, and is set aside when it is damaged.
// Thread-safe; blocks.
class ImageReader {
 public:
  // Two manifests and a configuration with what parsing takes, and the referrers.
  static constexpr std::size_t kWorkBytes = 48u << 20;

  ImageReader(const registry::Puller& pull, meta::Store& meta) : pull_(pull), meta_(meta) {}

  // Of an index the image for `platform` ("linux/arm64"), or where it is "" the usual one. NotFound
  // for a manifest that is not there, and for a platform that an index does not have. TooLarge for
  // one past kLongestManifest; what else is too long is left out. Takes at most kWorkBytes.
  Result<Image> read(Context& context, const oci::RepositoryName& repository,
                     const oci::Reference& reference, std::string_view platform) const;

 private:
  Result<void> read_contents(Context& context, const oci::RepositoryName& repository,
                             const oci::Manifest& manifest, Image& image) const;
  Result<const oci::Descriptor*> choose(const oci::Manifest& index,
                                        std::string_view platform) const;
  Result<void> read_neighbours(Context& context, const oci::RepositoryName& repository,
                               Image& image) const;

  const registry::Puller& pull_;
  meta::Store& meta_;
};

}  // namespace entrepot::insight
