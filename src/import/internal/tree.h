#pragma once
// import/internal/tree.h — reading a `repositories` folder of the distribution registry.

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/clock.h"
#include "base/context.h"
#include "base/result.h"
#include "base/source.h"
#include "oci/digest.h"

namespace entrepot::import {

// A link file: what it points to, and when it was written.
struct LinkFile {
  oci::Digest target;
  WallTime written_at;
};

// A link file as it is, whatever it holds.
struct LinkText {
  std::string text;  // the first 256 octets
  WallTime written_at;
};

// A tag's folder.
struct TagFolder {
  LinkFile current;
  std::vector<LinkFile> before;  // what it pointed to earlier, oldest first; not `current`
};

// Names in ascending ASCII order.
struct Listing {
  std::vector<std::string> names;
  std::uint64_t odd = 0;  // what cannot be opened for what it is: links, loops, FIFOs, devices
};

// The `repositories` folder of a data directory, read only. Whoever may have filled it: only
// folders and regular files are opened (file::open_beneath()), and what belongs to no registry is
// passed over. Unavailable when the disk cannot be read. Blocks; a list of a million names for a
// second.
class Tree {
 public:
  // NotFound, Unavailable: `data` cannot be opened.
  static Result<Tree> open(const std::string& data);

  // Tells this folder from another one that may stand in its place later. NotFound; Conflict when
  // it is one that must not be followed.
  Result<std::string> identity() const;

  // Folders that hold layers or manifests, by their path below this one, which need not be a valid
  // repository name.
  Result<Listing> repositories(Context& context) const;

  // The digests that the repository has a folder for, as "sha256:<hex>".
  Result<Listing> layers(const std::string& repository) const;
  Result<Listing> revisions(const std::string& repository) const;
  // The names of its tags' folders, which need not be valid tags.
  Result<Listing> tags(const std::string& repository) const;

  // NotFound where there is no link file, Corrupt where it holds something else than a digest,
  // Conflict where something else has its place.
  Result<LinkFile> layer(const std::string& repository, const std::string& digest) const;
  Result<LinkFile> revision(const std::string& repository, const std::string& digest) const;
  Result<TagFolder> tag(const std::string& repository, const std::string& tag) const;

  // Has it a folder for the manifest? A delete leaves one that is empty.
  Result<bool> has_revision(const std::string& repository, const std::string& digest) const;

  // The link file at a path below this folder. NotFound, Conflict.
  Result<LinkText> text(const std::string& path) const;
  // The paths of all link files of the repository, or of one folder in it.
  Result<std::vector<std::string>> link_files(Context& context, const std::string& folder) const;

  // The file of a blob, which may be of another algorithm than the blob store keeps. NotFound,
  // Conflict.
  Result<Source> blob(const oci::Digest& digest) const;

 private:
  explicit Tree(std::shared_ptr<const OpenFile> data) : data_(std::move(data)) {}

  Result<Listing> folders_in(const std::string& path) const;
  Result<Listing> digests_in(const std::string& path) const;
  Result<LinkFile> read_link(const std::string& path) const;
  Result<bool> is_folder(const std::string& path) const;

  std::shared_ptr<const OpenFile> data_;
};

// Paths of link files below the `repositories` folder.
std::string layer_link(const std::string& repository, const std::string& digest);
std::string revision_link(const std::string& repository, const std::string& digest);
std::string tag_folder(const std::string& repository, const std::string& tag);
std::string current_link(const std::string& repository, const std::string& tag);
std::string index_link(const std::string& repository, const std::string& tag,
                       const std::string& digest);

}  // namespace entrepot::import
