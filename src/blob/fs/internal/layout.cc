#include "blob/fs/internal/layout.h"

#include <fmt/core.h>

namespace entrepot::blob::fs::layout {

namespace {
constexpr std::size_t kIdLength = 36;
}  // namespace

std::string prefix_directory(std::string_view hex) {
  return fmt::format("{}/{}", kBlobs, hex.substr(0, 2));
}

std::string blob_directory(const Digest& digest) {
  const std::string hex = digest.hex();
  return fmt::format("{}/{}/{}", kBlobs, std::string_view(hex).substr(0, 2), hex);
}

std::string blob_file(const Digest& digest) { return blob_directory(digest) + "/data"; }

std::optional<Digest> parse_blob_name(std::string_view name) {
  auto digest = Digest::parse(fmt::format("sha256:{}", name));
  if (!digest) return std::nullopt;
  return *digest;
}

std::string upload_file(const UploadId& id) { return fmt::format("{}/{}", kUploads, id.str()); }

std::string upload_state_file(const UploadId& id) { return upload_file(id) + ".state"; }

std::optional<UploadId> parse_upload_name(std::string_view name) {
  const std::string_view ending = name.size() > kIdLength ? name.substr(kIdLength) : "";
  if (!ending.empty() && ending != ".state" && ending != ".state.new") return std::nullopt;
  auto id = UploadId::parse(name.substr(0, kIdLength));
  if (!id) return std::nullopt;
  return *id;
}

std::string quarantine_file(const Digest& digest, WallTime now) {
  return fmt::format("{}/{}-{}", kQuarantine, digest.hex(), to_unix_micros(now));
}

}  // namespace entrepot::blob::fs::layout
