#pragma once
// blob/fs/internal/layout.h — where things are below the data directory:
// docs/formats/blob-layout.md.

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "blob/store.h"

namespace entrepot::blob::fs::layout {

// The distribution registry's own places. Blobs are named by sha256 only.
inline constexpr std::string_view kBlobs = "docker/registry/v2/blobs/sha256";

std::string prefix_directory(std::string_view hex);  // …/ab
std::string blob_directory(const Digest& digest);    // …/ab/<hex>
std::string blob_file(const Digest& digest);         // …/ab/<hex>/data

// The digest whose directory has this name; nullopt when it is no blob's directory.
std::optional<Digest> parse_blob_name(std::string_view name);

// Ours.
inline constexpr std::string_view kUploads = "entrepot/uploads";
inline constexpr std::string_view kQuarantine = "entrepot/quarantine";
inline constexpr std::string_view kReserve = "entrepot/reserve";

std::string upload_file(const UploadId& id);        // entrepot/uploads/<id>
std::string upload_state_file(const UploadId& id);  // entrepot/uploads/<id>.state

// The session that a file in kUploads belongs to; nullopt for a stranger's file.
std::optional<UploadId> parse_upload_name(std::string_view name);

// entrepot/quarantine/<hex>-<microseconds since 1970>
std::string quarantine_file(const Digest& digest, WallTime now);

// When a file in kQuarantine was set aside; nullopt for a stranger's file.
std::optional<WallTime> parse_quarantine_name(std::string_view name);

}  // namespace entrepot::blob::fs::layout
