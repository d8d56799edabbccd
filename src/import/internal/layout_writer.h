#pragma once
// import/internal/layout_writer.h — writes a directory as the distribution registry keeps it.

#include <string>

#include "base/clock.h"
#include "base/context.h"
#include "base/source.h"
#include "import/internal/left_out.h"
#include "oci/digest.h"
#include "oci/name.h"

namespace entrepot::import {

// Writes below a folder that nobody looks into (`repositories.exporting`) until finish() gives it
// its name; blobs go to their places at once. Errors: StorageFull, Unavailable. One thread; blocks.
class LayoutWriter {
 public:
  // AlreadyExists when `target` has an index. Drops what an earlier attempt left.
  static Result<LayoutWriter> begin(std::string target);

  // A link file; `at` becomes its time.
  Result<void> layer(const oci::RepositoryName& repository, const oci::Digest& named,
                     const oci::Digest& stored, WallTime at);
  Result<void> revision(const oci::RepositoryName& repository, const oci::Digest& digest,
                        WallTime at);
  Result<void> tag(const oci::RepositoryName& repository, const oci::Tag& tag,
                   const oci::Digest& digest, WallTime at);
  // What the tag pointed to earlier.
  Result<void> tag_before(const oci::RepositoryName& repository, const oci::Tag& tag,
                          const oci::Digest& digest, WallTime at);

  // What an adoption found and left out; false when something is there already.
  Result<bool> left_out(const LeftOut& left_out);

  // The blob's file, unless one of the same size is there: a hard link to it, or a copy. Returns
  // how many bytes were copied.
  Result<std::uint64_t> blob(Context& context, const oci::Digest& digest, Source& bytes);

  // An empty repository.
  Result<void> repository(const oci::RepositoryName& repository);

  // Syncs the file system, then gives the folder its name.
  Result<void> finish();

 private:
  explicit LayoutWriter(std::string target) : target_(std::move(target)) {}
  Result<void> link(const oci::RepositoryName& repository, const std::string& folder,
                    const oci::Digest& digest, WallTime at);
  Result<void> write_link(const std::string& path, std::string_view text, WallTime at);
  std::string hidden_folder() const;

  std::string target_;
};

}  // namespace entrepot::import
