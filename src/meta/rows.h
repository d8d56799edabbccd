#pragma once
// meta/rows.h — what the metadata store holds, as values.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "meta/accounts.h"
#include "oci/digest.h"
#include "oci/manifest.h"
#include "oci/name.h"

namespace entrepot::meta {

using oci::Digest;
using oci::RepositoryName;
using oci::Tag;

struct RepositoryId {
  std::int64_t value = 0;
  friend auto operator<=>(const RepositoryId&, const RepositoryId&) = default;
};

struct Repository {
  RepositoryId id;
  RepositoryName name;
  WallTime created_at;
  Visibility visibility = Visibility::Unset;
  bool archived = false;  // pulls go on, and nothing else
};

// A live manifest of one repository. Its identity is (repository, literal digest): the same bytes
// pushed as sha256 and as sha512 are two manifests.
struct Manifest {
  std::int64_t id = 0;
  RepositoryId repository;
  Digest digest;
  std::string media_type;
  std::uint64_t size_bytes = 0;
  WallTime pushed_at;
};

// How a manifest names a digest.
struct ManifestReference {
  Digest digest;
  oci::ReferenceKind kind;
};

struct NewManifest {
  RepositoryId repository;
  Digest digest;
  std::string media_type;
  Bytes bytes;
  std::vector<ManifestReference> references;
  // For the referrers API; all empty without a subject.
  std::optional<Digest> subject;
  std::string artifact_type;
  Bytes annotations_json;
  WallTime pushed_at;
  std::string pushed_by;
};

// Bytes that the blob store holds, under their sha256.
struct Blob {
  Digest digest;
  std::uint64_t size_bytes = 0;
};

}  // namespace entrepot::meta
