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

// Stored as numbers: never renumber, only append. 5 and 6 are taken: they told of blobs that were
// mounted and pushed, which is no news until a manifest names them.
enum class EventKind : int {
  ManifestPushed = 1,     // digest; tag and previous when a tag was moved by it (one event a tag)
  TagDeleted = 2,         // tag, previous
  ManifestDeleted = 3,    // digest
  BlobDeleted = 4,        // digest; from the repository, not from the disk
  RepositoryCreated = 7,  // by the first push to it, and by the first after it had gone
  // People and rights; `detail` says whom and what, and never a secret.
  AccountCreated = 8,      // {"account", "kind"}
  AccountChanged = 9,      // {"account", "state", "role"…}: what is new
  SecretCreated = 10,      // {"account", "kind", "id", "name"}: passwords, tokens
  SecretRemoved = 11,      // likewise
  MemberChanged = 12,      // {"organisation", "account", "role"}; "team" in place of "role"
  GrantCreated = 13,       // {"grant", "to", "role", "pattern"}
  GrantRemoved = 14,       // likewise
  RepositoryChanged = 15,  // {"visibility"}, {"archived"}, {"description"}, {"readme_bytes"}: new
  SignedIn = 16,           // {"account", "how"}
  SignInFailed = 17,       // {"account", "how", "times"}; the account is what was typed
};

// The subject, a dot, what happened to it: "manifest.pushed". Stable, for logs and filters;
// "unknown" for a number that is none of the kinds.
std::string_view name_of(EventKind kind);

// Stored as numbers, too.
enum class ActorKind : int {
  Anonymous = 0,  // nobody in particular
  User = 1,
  Robot = 2,     // a machine account
  Workload = 3,  // a federated identity
  System = 4,    // the program itself
};

// "user", "robot", "workload", "system", "anonymous".
std::string_view name_of(ActorKind kind);

// Who did it, as a value of its own: an event outlives accounts and the rules about them.
struct Actor {
  ActorKind kind = ActorKind::Anonymous;
  std::string id;  // as `access` names subjects; "" for nobody in particular

  friend bool operator==(const Actor&, const Actor&) = default;
};

// What does not belong to an event is empty; the kind says what does.
struct Event {
  EventKind kind;
  WallTime at;
  Actor actor = {};
  std::optional<oci::RepositoryName> repository = {};
  std::optional<oci::Digest> digest = {};
  std::optional<oci::Tag> tag = {};
  std::optional<oci::Digest> previous = {};  // where the tag pointed before
  std::string detail = {};                   // JSON, by kind
  // Whose request it was. Left empty, the store fills them in from the context of the work.
  std::string client = {};   // its address
  std::string request = {};  // its id
};

}  // namespace entrepot::events
