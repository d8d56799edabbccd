#pragma once
// insight/image_config.h — an image's configuration (image-spec, config.md; Docker's is the same).

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "oci/manifest.h"

namespace entrepot::insight {

// A step of the build. Texts are as the builder wrote them.
struct HistoryEntry {
  std::string created_by;
  std::string created_at;    // RFC 3339; "" when it is not told
  bool empty_layer = false;  // no layer belongs to it
};

struct ImageConfig {
  oci::Platform platform;
  std::string created_at;
  std::string user;
  std::string working_dir;
  std::string stop_signal;
  std::vector<std::string> env;
  std::optional<std::vector<std::string>> entrypoint;
  std::optional<std::vector<std::string>> cmd;
  std::vector<std::string> ports;    // "80/tcp"
  std::vector<std::string> volumes;  // paths
  std::map<std::string, std::string> labels;
  std::vector<std::string> diff_ids;
  std::vector<HistoryEntry> history;
};

inline constexpr std::uint64_t kMaxConfigBytes = 1u << 20;

// Fields that nobody needs here are not looked at; one of another type than it has to be counts as
// not there. InvalidArgument for what is no JSON object at all, or can be read in two ways.
Result<ImageConfig> parse_image_config(ByteView json);

// Is it one? By the media type of a manifest's config.
bool is_image_config(std::string_view media_type);

// "linux/arm64/v8"; "" when it does not say.
std::string text_of(const oci::Platform& platform);

}  // namespace entrepot::insight
