#pragma once
// import/internal/inspector.h — reads one thing after the other from the old registry's directory
// and checks it.

#include <optional>
#include <variant>
#include <vector>

#include "blob/store.h"
#include "import/internal/journey.h"
#include "import/internal/tree.h"
#include "meta/store.h"
#include "oci/name.h"

namespace entrepot::import {

// Without a row, it is one that is not served (schema 1).
struct FoundManifest {
  std::optional<meta::Blob> file;  // where the blob store knows it: not of a sha512
  std::optional<meta::NewManifest> row;
  WallTime at;
};

struct FoundLayer {
  meta::Blob file;
  std::optional<oci::Digest> alias;
  WallTime at;
};

struct FoundTag {
  oci::Tag tag;
  TagFolder folder;
};

// The repository alone stands for one that is empty.
using Found = std::variant<std::monostate, FoundManifest, FoundLayer, FoundTag>;

// What was wrong with things that were looked at, and may not be served.
struct Findings {
  AdoptReport counts;
  bool unreadable = false;           // the repository may use blobs that we know nothing of
  std::vector<oci::Digest> damaged;  // files that are to be set aside
};

// Changes nothing. One thread; blocks.
class Inspector {
 public:
  Inspector(const Tree& tree, blob::BlobStore& blobs) : tree_(tree), blobs_(blobs) {}

  // Monostate for what cannot be taken over, which is said in the findings. Unavailable when the
  // disk cannot be read.
  Result<Found> look(Context& context, const Place& place, Findings& findings);

 private:
  Result<Found> manifest(Context& context, const Place& place, Findings& findings);
  Result<Source> open(Context& context, const oci::Digest& digest);
  Result<Found> layer(Context& context, const Place& place, Findings& findings);
  Result<Found> tag(const Place& place, Findings& findings);
  Result<void> check_sizes(Context& context, const oci::Manifest& manifest, Findings& findings);
  Result<bool> is_intact(Context& context, const oci::Digest& digest);

  const Tree& tree_;
  blob::BlobStore& blobs_;
};

}  // namespace entrepot::import
