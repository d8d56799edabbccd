#pragma once
// oci/testing/manifest_text.h — manifests as text, for tests.

#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/check.h"
#include "oci/manifest.h"

namespace entrepot::oci::testing {

// What must be there. (A failed CHECK ends the test program.)
template <class T>
const T& held(const std::optional<T>& optional) {
  CHECK(optional.has_value());
  return *optional;
}

// A descriptor of bytes that begin with `seed`; `more` is put behind its fields (",\"urls\":[]").
inline std::string descriptor_text(std::string_view media_type, std::string_view seed = "x",
                                   std::string_view more = "") {
  return fmt::format(R"({{"mediaType":"{}","digest":"{}","size":{}{}}})", media_type,
                     Digest::of(seed).to_string(), seed.size(), more);
}

// An OCI image manifest with these texts as its config and its list of layers.
inline std::string image_text(std::string_view config, std::string_view layers,
                              std::string_view more = "") {
  return fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","config":{},"layers":[{}]{}}})",
                     media_type::kOciManifest, config, layers, more);
}

// An OCI index with this text as its list of manifests.
inline std::string index_text(std::string_view manifests, std::string_view more = "") {
  return fmt::format(R"({{"schemaVersion":2,"mediaType":"{}","manifests":[{}]{}}})",
                     media_type::kOciIndex, manifests, more);
}

}  // namespace entrepot::oci::testing
