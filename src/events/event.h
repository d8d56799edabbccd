#pragma once
// events/event.h — what happened, as one value: the journal keeps it, notifications and audit read
// it.

#include <optional>
#include <string>
#include <string_view>

#include "base/clock.h"
#include "oci/digest.h"
#include "oci/name.h"

namespace entrepot::events {

// Stored as numbers: never renumber, only append.
enum class EventKind : int {
  ManifestPushed = 1,   // digest; tag and previous when a tag was moved by it (one event a tag)
  TagDeleted = 2,       // tag, previous
  ManifestDeleted = 3,  // digest
  BlobDeleted = 4,      // digest; from the repository, not from the disk
  BlobMounted = 5,      // digest
  BlobPushed = 6,       // digest
};

// The subject, a dot, what happened to it: "manifest.pushed". Stable, for logs and filters;
// "unknown" for a number that is none of the kinds.
std::string_view name_of(EventKind kind);

struct Event {
  EventKind kind;
  WallTime at;
  std::string actor;  // who did it, as `access` names subjects; "" in open mode
  oci::RepositoryName repository;
  std::optional<oci::Digest> digest;
  std::optional<oci::Tag> tag;
  std::optional<oci::Digest> previous;  // where the tag pointed before
};

}  // namespace entrepot::events
