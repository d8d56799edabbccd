#pragma once
// import/adopt.h — taking over the directory of a distribution registry ("registry:2").

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "base/context.h"
#include "blob/store.h"
#include "import/progress.h"
#include "meta/store.h"

namespace entrepot::import {

// What was found. Counts of everything since the adoption began, over restarts.
struct AdoptReport {
  std::uint64_t repositories = 0;
  std::uint64_t manifests = 0;
  std::uint64_t tags = 0;
  std::uint64_t blobs = 0;       // links of layers and configs to a repository
  std::uint64_t schema1 = 0;     // manifests of schema 1: their files stay, nobody is served them
  std::uint64_t unreadable = 0;  // manifests that are too large, and names that are not valid
  std::uint64_t dangling = 0;  // links and tags that lead nowhere, or to other bytes than they say
  std::uint64_t odd = 0;       // links, loops, FIFOs and the like in the place of files
  std::uint64_t damaged = 0;   // files whose bytes are not what their name says: set aside
};

// "12 repositories, 340 manifests, …"; what is zero and bad is left out.
std::string to_text(const AdoptReport& report);

// Indexes `docker/registry/v2/repositories` into the metadata: tags with their history, manifests,
// and which repository has which blob. No blob is copied or moved. Then renames the folder to
// `repositories.adopted`, so that a later start has nothing to do, and neither registry works on
// what is the other's. A `repositories` folder found later (the old server ran again) is taken over
// on top in the same way: a tag goes where it was moved last.
//
// Works in batches, each in one transaction that also says how far it got: killed anywhere, the
// next run() goes on from there. Nothing may be served before run() returned, and the other
// registry must not run meanwhile.
//
// Trusts names and sizes of layers but checks each manifest's bytes, and re-reads a blob whose size
// is not what a manifest says. Blobs that no manifest uses are queued for the collector, unless a
// repository has them whose manifests could not all be read. One thread; blocks.
class Adoption {
 public:
  struct Options {
    std::string data;                          // the directory of the server's data
    std::chrono::microseconds review_delay{};  // before the collector looks at unused blobs
    std::size_t batch = 500;
    std::function<void(const Progress&)> progress = nullptr;  // after each batch
  };
  Adoption(blob::BlobStore& blobs, meta::Store& meta, const Clock& clock, Options options);

  // Is there anything to take over? One look at the disk.
  bool is_needed() const;

  // Unavailable, StorageFull, Cancelled, Timeout: call it again, it goes on where it was.
  Result<AdoptReport> run(Context& context);

 private:
  blob::BlobStore& blobs_;
  meta::Store& meta_;
  const Clock& clock_;
  const Options options_;
};

}  // namespace entrepot::import
