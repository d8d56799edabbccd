#include "blob/fs/internal/layout.h"

#include <charconv>

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

std::optional<WallTime> parse_quarantine_name(std::string_view name) {
  constexpr std::size_t kHexLength = 64;
  if (name.size() <= kHexLength || name[kHexLength] != '-') return std::nullopt;
  if (!parse_blob_name(name.substr(0, kHexLength))) return std::nullopt;
  const std::string_view digits = name.substr(kHexLength + 1);
  std::int64_t micros = 0;
  const auto read = std::from_chars(digits.data(), digits.data() + digits.size(), micros);
  if (read.ec != std::errc() || read.ptr != digits.data() + digits.size()) return std::nullopt;
  return from_unix_micros(micros);
}

}  // namespace entrepot::blob::fs::layout
