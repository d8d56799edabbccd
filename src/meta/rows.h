#pragma once
// meta/rows.h — what the metadata store holds, as values.

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
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

struct StoredManifest {
  Manifest manifest;
  Bytes bytes;
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

// One line of a referrers answer.
struct Referrer {
  Digest digest;
  std::string media_type;
  std::uint64_t size_bytes = 0;
  std::string artifact_type;
  Bytes annotations_json;
};

// Which referrers. `artifact_type` "" = any.
struct ReferrerQuery {
  RepositoryName repository;
  Digest subject;
  std::string artifact_type = {};
  std::optional<Digest> after = {};
  std::size_t limit = 1000;                        // rows
  std::size_t limit_bytes = std::size_t{4} << 20;  // of annotations and what else a row takes
};

struct ReferrerRows {
  std::vector<Referrer> rows;
  bool more = false;  // others follow the last one
};

struct TagRow {
  Tag tag;
  Digest digest;
  WallTime moved_at;
};

// One step in the life of a tag, newest first in lists.
struct TagMove {
  std::optional<Digest> digest;  // none: the tag was deleted
  WallTime at;
  std::string by;
};

// Bytes that the blob store holds, under their sha256.
struct Blob {
  Digest digest;
  std::uint64_t size_bytes = 0;
};

// What a repository has under a digest that a manifest names. Where it has a blob, nothing is told
// of a manifest.
struct Holding {
  std::optional<Blob> blob;               // its own, under its sha256
  std::optional<std::uint64_t> manifest;  // the size of a live one of this digest, in bytes
  bool lost_blob = false;                 // it had one, and has it no more: Blobs::was_linked
  bool lost_manifest = false;             // it had one: Manifests::was_deleted
  bool waits_for_review = false;          // the blob
};

// A blob that the collector will look at.
struct Review {
  Digest digest;
  WallTime due_at;
};

// How an upload session ended.
struct EndedUpload {
  std::string id;
  WallTime started_at;
  WallTime ended_at;
  std::optional<Digest> digest;  // the blob, as the request named it that made one; none: dropped
};

// A piece of durable background work: asked for by one process, done by another.
struct Job {
  std::int64_t id = 0;
  std::string kind;   // "collect"
  Bytes arguments;    // JSON, by kind
  std::string state;  // "queued", "running", "done", "failed", "cancelled"
  Bytes progress;     // JSON, by kind
  WallTime created_at;
  std::optional<WallTime> finished_at;
  std::int64_t attempts = 0;   // how often it was claimed, but for runs that were cut short
  std::string owner;           // who claimed it; empty while it is queued
  bool cancel_wished = false;  // somebody wants its run to end
};

enum class JobEnd { Done, Failed, Cancelled };

// How a run gives back a job that it did not end.
struct PutBack {
  Bytes progress;                      // for the next run to go on from
  std::chrono::milliseconds after{0};  // when it is due again; an hour at most
  bool counts = true;                  // false: the run was cut short, and is no attempt
};

}  // namespace entrepot::meta
