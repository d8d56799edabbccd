#pragma once
// import/internal/inspector.h — reads one thing after the other from the old registry's directory
// and checks it.

#include <map>
#include <optional>
#include <utility>
#include <variant>
#include <vector>

#include "blob/store.h"
#include "import/internal/journey.h"
#include "import/internal/left_out.h"
#include "import/internal/tree.h"
#include "meta/store.h"
#include "oci/manifest_at_rest.h"
#include "oci/name.h"

namespace entrepot::import {

// Without a row, it is one that is not kept (too large).
struct FoundManifest {
  std::optional<meta::Blob> file;  // where the blob store knows it: not of a sha512
  std::optional<meta::NewManifest> row;
  std::vector<meta::Blob> named;  // what it names and is there, to be linked if it is not
  WallTime at;
};

struct FoundLayer {
  meta::Blob file;
  std::optional<oci::Digest> alias;
  WallTime at;
  std::optional<FoundManifest> manifest;  // its bytes are one: distribution serves it as such, too
};

struct FoundTag {
  oci::Tag tag;
  TagFolder folder;
};

// The repository alone stands for one that is empty.
using Found = std::variant<std::monostate, FoundManifest, FoundLayer, FoundTag>;

// A manifest that another one names.
struct Child {
  oci::Digest digest;
  WallTime at;  // when the other one was pushed
};

// What else there is to say about things that were looked at.
struct Findings {
  AdoptReport counts;                // of what was wrong with them
  bool unreadable = false;           // the repository may use blobs that we know nothing of
  std::vector<oci::Digest> damaged;  // files that are to be set aside
  std::vector<Child> children;       // to be looked at next: child()
  std::vector<LeftOut> left_out;     // link files to be given back by an export
  std::uint64_t hashed_bytes = 0;    // that was work, not to be done twice
};

// Changes nothing. One thread; blocks.
class Inspector {
 public:
  Inspector(const Tree& tree, blob::BlobStore& blobs) : tree_(tree), blobs_(blobs) {}

  // Monostate for what cannot be taken over, which is said in the findings. Unavailable when the
  // disk cannot be read.
  Result<Found> look(Context& context, const Place& place, Findings& findings);

  // A FoundManifest where an index names one that the repository has as a blob alone, or whose link
  // was lost: distribution serves the former, and the index means both. Monostate for what has a
  // place of its own, was deleted, is not there or is no manifest.
  Result<Found> child(Context& context, const std::string& repository, const Child& child,
                      Findings& findings);

 private:
  Result<Found> manifest(Context& context, const Place& place, Findings& findings);
  Result<Source> open(Context& context, const oci::Digest& digest);
  Result<Found> layer(Context& context, const Place& place, Findings& findings);
  Result<Found> tag(Context& context, const Place& place, Findings& findings);
  Result<void> leave_out(const std::string& path, Findings& findings, bool leads = false);
  Result<FoundManifest> read(Context& context, const LinkFile& link, Bytes bytes,
                             Findings& findings);
  Result<std::optional<FoundManifest>> manifest_in_blob(Context& context, const LinkFile& link,
                                                        Source& source, Findings& findings);
  Result<std::optional<meta::Blob>> find_named(Context& context, const oci::NamedDigest& named,
                                               Findings& findings);
  Result<bool> has_hash(Context& context, const oci::Digest& stored, const oci::Digest& hash,
                        Findings& findings);

  const Tree& tree_;
  blob::BlobStore& blobs_;
  // Whether those stored bytes have that hash, where it was asked.
  std::map<std::pair<oci::Digest, oci::Digest>, bool> hashed_;
};

}  // namespace entrepot::import
