#pragma once
// scrub/walk.h — verifies what is at rest, a little at each step.

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "registry/quarantine.h"
#include "registry/stores.h"
#include "registry/verify.h"

namespace entrepot::scrub {

enum class Stage { Manifests, Blobs, Marked, End };

// Where a walk stands: all of the stages before are done, and of this one all up to here.
struct Place {
  Stage stage = Stage::Manifests;
  std::string repository;  // of manifests
  std::optional<oci::Digest> digest;
};

// One line; parse_place() gives the beginning for what it does not understand.
std::string to_text(const Place& place);
Place parse_place(std::string_view text);

struct Counts {
  std::uint64_t manifests = 0;  // verified
  std::uint64_t blobs = 0;
  std::uint64_t bytes = 0;
  std::uint64_t damaged = 0;   // of those, found damaged in this walk
  std::uint64_t mended = 0;    // rows made anew from their bytes, marks that were wrong
  std::uint64_t unmended = 0;  // rows that disagree with their bytes, and were left alone
};

// First the manifests of each repository: their bytes, and whether the rows beside them say what
// the bytes say. Then the blobs that the metadata knows. At last what is marked as damaged: a file
// may have come back. Damage goes to the Quarantine, which logs and counts it.
//
// What comes or goes meanwhile may be missed. One thread at a time; blocks.
class Walk {
 public:
  enum class Rows { Mend, LeaveAlone };
  Walk(registry::Stores stores, registry::Quarantine& quarantine, Rows rows)
      : stores_(stores), quarantine_(quarantine), rows_(rows) {}

  const Place& place() const { return place_; }
  void go_to(Place place) { place_ = std::move(place); }
  const Counts& counts() const { return counts_; }

  // At most one blob, or a few manifests. False: all is done. After an error, which says nothing
  // about the bytes (Unavailable, Timeout, Cancelled, what `after_piece` returned), the place is
  // the same, and the step can be taken again.
  Result<bool> step(Context& context, const registry::AfterPiece& after_piece);

 private:
  Result<bool> step_manifests(Context& context, const registry::AfterPiece& after_piece);
  Result<bool> next_repository(Context& context);
  Result<void> verify_manifest(Context& context, const oci::RepositoryName& repository,
                               const meta::Manifest& row);
  Result<void> verify_rows(Context& context, const meta::StoredManifest& stored);
  Result<bool> step_blobs(Context& context, const registry::AfterPiece& after_piece);
  Result<bool> step_marked(Context& context, const registry::AfterPiece& after_piece);
  Result<void> unmark(Context& context, const meta::Blob& blob);

  const registry::Stores stores_;
  registry::Quarantine& quarantine_;
  const Rows rows_;
  Place place_;
  Counts counts_;
};

// How many bytes of blobs there are, by the metadata. Reads all their rows, in pages.
Result<std::uint64_t> measure(Context& context, meta::Store& meta);

}  // namespace entrepot::scrub
