#include "events/event.h"

namespace entrepot::events {

std::string_view name_of(EventKind kind) {
  switch (kind) {
    case EventKind::ManifestPushed:
      return "manifest.pushed";
    case EventKind::TagDeleted:
      return "tag.deleted";
    case EventKind::ManifestDeleted:
      return "manifest.deleted";
    case EventKind::BlobDeleted:
      return "blob.deleted";
    case EventKind::RepositoryCreated:
      return "repository.created";
  }
  return "unknown";
}

}  // namespace entrepot::events
