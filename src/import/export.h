#pragma once
// import/export.h — writes the index of a distribution registry, for going back to one.

#include <cstdint>
#include <functional>
#include <string>

#include "base/context.h"
#include "blob/store.h"
#include "import/progress.h"
#include "meta/store.h"

namespace entrepot::import {

struct ExportReport {
  std::uint64_t repositories = 0;
  std::uint64_t manifests = 0;
  std::uint64_t tags = 0;
  std::uint64_t blobs = 0;         // links of blobs to a repository
  std::uint64_t copied_bytes = 0;  // of blobs that could not be linked hard
  std::uint64_t missing = 0;       // blobs that a repository has, but not the disk
  std::uint64_t given_back = 0;    // link files that the adoption had left out
};

// "12 repositories, 340 manifests, …"; what is zero is left out at the end.
std::string to_text(const ExportReport& report);

// Writes everything that the metadata has into a directory as the distribution registry keeps it:
// `docker/registry/v2/repositories`, and each manifest's bytes as a file among the blobs. Into the
// server's own data directory, the blobs are there already; into another one, they become hard
// links where the file system allows that, else copies. Hard links are safe: neither program ever
// changes the bytes of a blob's file.
//
// The folder gets its name at the very end, after all of it was synced: before that, the other
// registry sees nothing. Run again after a crash, it begins anew. Nothing may be pushed meanwhile.
//
// What an adoption left out (manifests of schema 1, links that lead nowhere, names that are not
// valid) is given back as it was, unless it was deleted, or a tag moved, since.
//
// Lost on the way, because the other registry has no place for them: tags' history but for the
// manifests that are still there, and who did what. One thread; blocks.
class Export {
 public:
  struct Options {
    std::string target;     // a directory; made when it is not there
    bool in_place = false;  // it is the server's own: the next start adopts what is written
    std::function<void(const Progress&)> progress = nullptr;
  };
  Export(blob::BlobStore& blobs, meta::Store& meta, Options options)
      : blobs_(blobs), meta_(meta), options_(std::move(options)) {}

  // AlreadyExists when the target has such an index; StorageFull, Unavailable, Cancelled.
  Result<ExportReport> run(Context& context);

 private:
  blob::BlobStore& blobs_;
  meta::Store& meta_;
  const Options options_;
};

}  // namespace entrepot::import
