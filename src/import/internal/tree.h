#pragma once
// import/internal/tree.h — reading a `repositories` folder of the distribution registry.

#include <cstdint>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/source.h"
#include "oci/digest.h"

namespace entrepot::import {

// A link file: what it points to, and when it was written.
struct LinkFile {
  oci::Digest target;
  WallTime written_at;
};

// A tag's folder.
struct TagFolder {
  LinkFile current;
  std::vector<LinkFile> before;  // what it pointed to earlier, oldest first; not `current`
};

// The `repositories` folder of a data directory, read only. Lists are in ascending ASCII order.
// What does not belong there is passed over. Unavailable when the disk cannot be read. Blocks.
class Tree {
 public:
  explicit Tree(std::string data);

  // Tells this folder from another one that may stand in its place later. NotFound.
  Result<std::string> identity() const;

  // Folders that hold layers or manifests, by their path below this one, which need not be a valid
  // repository name.
  Result<std::vector<std::string>> repositories() const;

  // The digests that the repository has a folder for, as "sha256:<hex>".
  Result<std::vector<std::string>> layers(const std::string& repository) const;
  Result<std::vector<std::string>> revisions(const std::string& repository) const;
  // The names of its tags' folders, which need not be valid tags.
  Result<std::vector<std::string>> tags(const std::string& repository) const;

  // NotFound where there is no link file, Corrupt where it holds something else than a digest.
  Result<LinkFile> layer(const std::string& repository, const std::string& digest) const;
  Result<LinkFile> revision(const std::string& repository, const std::string& digest) const;
  Result<TagFolder> tag(const std::string& repository, const std::string& tag) const;

  // The file of a blob, which may be of another algorithm than the blob store keeps. NotFound.
  Result<Source> blob(const oci::Digest& digest) const;

 private:
  std::string folder(const std::string& repository, std::string_view below) const;

  const std::string data_;
  const std::string directory_;
};

}  // namespace entrepot::import
