#include "import/testing/old_registry.h"

#include <filesystem>
#include <fstream>

#include "base/check.h"
#include "import/layout.h"
#include "oci/testing/manifest_text.h"

namespace entrepot::import::testing {

namespace fs = std::filesystem;
using oci::Digest;
using oci::testing::descriptor_text;

namespace {

void write_file(const std::string& path, const std::string& bytes) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << bytes;
  CHECK(file.flush().good());
}

}  // namespace

std::string OldRegistry::path(const std::string& below) const {
  return fmt::format("{}/{}/{}", data_, kRegistryFolder, below);
}

void OldRegistry::write_link(const std::string& file, const std::string& text) {
  time_ += std::chrono::seconds(1);
  const std::string whole = repositories() + "/" + file;
  write_file(whole, text);
  fs::last_write_time(whole, std::chrono::file_clock::from_sys(time_));
}

Digest OldRegistry::blob(const std::string& bytes) {
  const Digest digest = Digest::of(bytes);
  write_file(data_ + "/" + blob_path(digest), bytes);
  return digest;
}

Digest OldRegistry::layer(const std::string& repository, const std::string& bytes) {
  const Digest digest = blob(bytes);
  link_layer(repository, digest_folder(digest), digest.to_string());
  return digest;
}

void OldRegistry::link_layer(const std::string& repository, const std::string& folder,
                             const std::string& text) {
  write_link(fmt::format("{}/_layers/{}/link", repository, folder), text);
}

void OldRegistry::link_revision(const std::string& repository, const Digest& digest) {
  write_link(fmt::format("{}/_manifests/revisions/{}/link", repository, digest_folder(digest)),
             digest.to_string());
}

Digest OldRegistry::manifest(const std::string& repository, const std::string& bytes) {
  const Digest digest = blob(bytes);
  link_revision(repository, digest);
  return digest;
}

void OldRegistry::tag(const std::string& repository, const std::string& tag, const Digest& digest) {
  const std::string folder = fmt::format("{}/_manifests/tags/{}", repository, tag);
  write_link(fmt::format("{}/index/{}/link", folder, digest_folder(digest)), digest.to_string());
  write_link(folder + "/current/link", digest.to_string());
}

std::string OldRegistry::image_text(const std::vector<std::string>& layers,
                                    const std::string& more) {
  std::string list;
  for (const std::string& layer : layers) {
    if (!list.empty()) list += ",";
    list += descriptor_text("application/vnd.oci.image.layer.v1.tar", layer);
  }
  return oci::testing::image_text(descriptor_text("application/vnd.oci.image.config.v1+json", "{}"),
                                  list, more);
}

Digest OldRegistry::image(const std::string& repository, const std::string& tag_name,
                          const std::vector<std::string>& layers) {
  layer(repository, "{}");
  for (const std::string& bytes : layers) layer(repository, bytes);
  const Digest digest = manifest(repository, image_text(layers));
  tag(repository, tag_name, digest);
  return digest;
}

void OldRegistry::damage(const Digest& digest, const std::string& bytes) {
  write_file(data_ + "/" + blob_path(digest), bytes);
}

}  // namespace entrepot::import::testing
