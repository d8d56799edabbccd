#pragma once
// import/layout.h — where the distribution registry ("registry:2") keeps what, below its root
// directory. Drawn in docs/formats/registry2-layout.md.

#include <string>
#include <string_view>

#include "oci/digest.h"

namespace entrepot::import {

inline constexpr std::string_view kRegistryFolder = "docker/registry/v2";
inline constexpr std::string_view kRepositories = "repositories";
inline constexpr std::string_view kSetAside = "repositories.adopted";      // by an adoption
inline constexpr std::string_view kUnfinished = "repositories.exporting";  // by an export

// Inside a repository's folder. A digest is a folder "sha256/<hex>" that has a file "link", whose
// text is a printed digest.
inline constexpr std::string_view kLayers = "_layers";
inline constexpr std::string_view kRevisions = "_manifests/revisions";
inline constexpr std::string_view kTags = "_manifests/tags";
// Inside a tag's folder: where it points, and all it ever pointed to.
inline constexpr std::string_view kCurrent = "current";
inline constexpr std::string_view kIndex = "index";
inline constexpr std::string_view kLink = "link";

// "sha256/<hex>"
std::string digest_folder(const oci::Digest& digest);

// "docker/registry/v2/blobs/sha256/<two digits of hex>/<hex>/data"
std::string blob_path(const oci::Digest& digest);

}  // namespace entrepot::import
