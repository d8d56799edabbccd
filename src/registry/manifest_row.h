#pragma once
// registry/manifest_row.h — a manifest that was read, as the metadata keeps it.

#include "meta/rows.h"
#include "oci/manifest.h"
#include "oci/manifest_at_rest.h"

namespace entrepot::registry {

// Repository, time and author are left for the caller to fill in.
meta::NewManifest to_row(const oci::Manifest& manifest, const oci::Digest& digest, Bytes bytes);
meta::NewManifest to_row(const oci::ManifestAtRest& manifest, const oci::Digest& digest,
                         Bytes bytes);

}  // namespace entrepot::registry
