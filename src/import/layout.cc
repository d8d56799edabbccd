#include "import/layout.h"

#include <fmt/core.h>

namespace entrepot::import {

std::string digest_folder(const oci::Digest& digest) {
  return fmt::format("{}/{}", oci::name_of(digest.algorithm()), digest.hex());
}

std::string blob_path(const oci::Digest& digest) {
  const std::string hex = digest.hex();
  return fmt::format("{}/blobs/{}/{}/{}/data", kRegistryFolder, oci::name_of(digest.algorithm()),
                     hex.substr(0, 2), hex);
}

}  // namespace entrepot::import
