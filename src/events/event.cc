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
    case EventKind::AccountCreated:
      return "account.created";
    case EventKind::AccountChanged:
      return "account.changed";
    case EventKind::SecretCreated:
      return "secret.created";
    case EventKind::SecretRemoved:
      return "secret.removed";
    case EventKind::MemberChanged:
      return "member.changed";
    case EventKind::GrantCreated:
      return "grant.created";
    case EventKind::GrantRemoved:
      return "grant.removed";
    case EventKind::RepositoryChanged:
      return "repository.changed";
    case EventKind::SignedIn:
      return "sign_in.succeeded";
    case EventKind::SignInFailed:
      return "sign_in.failed";
  }
  return "unknown";
}

std::string_view name_of(ActorKind kind) {
  switch (kind) {
    case ActorKind::User:
      return "user";
    case ActorKind::Robot:
      return "robot";
    case ActorKind::Workload:
      return "workload";
    case ActorKind::System:
      return "system";
    case ActorKind::Anonymous:
      break;
  }
  return "anonymous";
}

}  // namespace entrepot::events
