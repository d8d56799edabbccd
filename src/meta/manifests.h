#pragma once
// meta/manifests.h — the manifests of repositories, and what they name.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "meta/rows.h"

namespace entrepot::meta {

struct StoredManifest {
  Manifest manifest;
  Bytes bytes;
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

// A damaged manifest (see Damage) is seen by no find(), list() or referrers().
class Manifests {
 public:
  virtual ~Manifests() = default;

  // One indexed look-up each, the first with the payload, unless the manifest is longer than
  // `most_bytes`: then `bytes` is empty and costs nothing.
  virtual Result<StoredManifest> find(const RepositoryName& name, const oci::Reference& reference,
                                      std::uint64_t most_bytes = INT64_MAX) const = 0;
  virtual Result<Manifest> find(RepositoryId repository, const Digest& digest) const = 0;

  // All of a repository, ascending by digest.
  virtual Result<std::vector<Manifest>> list(RepositoryId repository,
                                             const std::optional<Digest>& after,
                                             std::size_t limit) const = 0;

  // A page of those whose subject is the query's, ascending by digest. No annotations are read but
  // those of the page; a row that is larger than a page makes one alone.
  virtual Result<ReferrerRows> referrers(const ReferrerQuery& query) const = 0;

  // A live manifest of the repository that names `digest` (as config, layer or child); NotFound
  // when none does.
  virtual Result<Digest> user_of(RepositoryId repository, const Digest& digest) const = 0;

  // Does any live manifest of any repository name the digest? One indexed look-up.
  virtual Result<bool> used_anywhere(const Digest& digest) const = 0;

  // What a live manifest of the repository names, a damaged one too. NotFound.
  virtual Result<std::vector<ManifestReference>> references(RepositoryId repository,
                                                            const Digest& digest) const = 0;

  // Did the repository have this manifest, and has it no more (deleted and not purged yet, or
  // damaged)?
  virtual Result<bool> was_deleted(RepositoryId repository, const Digest& digest) const = 0;

  // Makes or revives it, with its references. Putting the same digest again changes pushed_at and
  // nothing else, unless bytes or references at rest are not these, or it is marked as damaged:
  // then all of it is written anew, and the mark goes.
  virtual Result<Manifest> put(const NewManifest& manifest) = 0;

  // Hides it at once, with who and when; its tags are not touched (Tags::remove_all). NotFound.
  virtual Result<void> remove(RepositoryId repository, const Digest& digest, WallTime at,
                              std::string_view by) = 0;

  // Drops rows hidden before `before` for good, at most `limit`, and no further one once they have
  // named kLargestPurge digests; returns their digests and those, for review. Tags that still point
  // at them go with them.
  virtual Result<std::vector<Digest>> purge_removed(WallTime before, std::size_t limit) = 0;
  static constexpr std::size_t kLargestPurge = 2000;
};

}  // namespace entrepot::meta
